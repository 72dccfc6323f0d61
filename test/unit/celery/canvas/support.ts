import type { BeatConfig, EntryConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { compose } from '../../../../src/entries/compose/compose.ts';
import type { RunMessages } from '../../../../src/celery/message/message.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';

export const DUE_AT = Date.UTC(2026, 10, 21, 5, 44);

/** What an entry that calls it sends. */
export function composeTask(
  task: EntryConfig['task'],
  { dueAt = DUE_AT, entry = {}, ...settings }: BeatConfig & Parts = {},
): RunMessages {
  const { entries, timezone, encoding, protocol, keyPrefix, queues, routes } = resolveSettings({
    resultBackend: 'redis://localhost/1',
    ...settings,
    beatSchedule: { e: { schedule: 60, ...entry, task } },
  });
  const messageContext = {
    timezone,
    encoding,
    protocol,
    keyPrefix,
    origin: 'gen1@here',
    replyTo: '00000000-0000-4000-8000-000000000000',
    router: new Router(new Queues(queues), routes),
  };
  return compose({ entry: entries[0]!, dueAt }, dueAt + 1_500, messageContext);
}

interface Parts {
  readonly dueAt?: number;
  readonly entry?: Partial<EntryConfig>;
}
