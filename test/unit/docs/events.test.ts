import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withEventReference } from '../../../scripts/event-docs.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import type { BeatEvents } from '../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../src/contracts/events/events.ts';
import { logEvents } from '../../../src/observe/log-events.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { makeMessage } from '../../support/message.ts';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/events.md', ROOT), 'utf8');

const entry = 'greet';
const run = { entry, task: 'tasks.greet', taskId: 'id', dueAt: 0, cause: 'schedule' } as const;
const message = makeMessage('id');

/** One payload for every event. */
const SAMPLES: { readonly [K in keyof BeatEvents]: BeatEvents[K] } = {
  leading: [{ term: 1 }],
  following: [{ reason: 'another instance holds the lock' }],
  renewed: [{ trustedForMs: 7_200 }],
  scheduling: [{ term: 1, entries: 1, changes: { added: 1 }, ledgerLost: false }],
  reloaded: [{ files: ['a.yaml'], entries: 1, added: 1, changed: 0, removed: 0 }],
  'reload-failed': [{ error: new Error('broken') }],
  'entry-changed': [{ entry, change: 'added' }],
  'never-due': [{ entry, change: 'added', schedule: 'at noon' }],
  sent: [{ ...run, queue: 'celery', sentAt: 5, term: 1, messages: [message] }],
  delivered: [{ ...run, to: 'queue "celery"', message }],
  outbox: [{ waiting: 1, oldest: 0 }],
  outcome: [
    {
      entry,
      dueAt: 0,
      taskId: 'id',
      task: 'tasks.greet',
      sentAt: 5,
      state: 'FAILURE',
      doneAt: 9,
      runtimeMs: null,
      worker: null,
      error: 'ValueError: on purpose',
    },
  ],
  skipped: [{ entry, reason: 'missed', first: 0, last: 0, count: 1 }],
  command: [{ id: 'c', do: 'pause', entry, at: 0, by: 'ann', reason: 'holiday', status: 'applied', answer: 'paused' }],
  failure: [{ operation: { kind: 'commit' }, error: new Error('broken') }],
  recovered: [{ operation: { kind: 'commit' } }],
  warning: [{ kind: 'clock', message: 'skewed' }],
  skew: [{ store: 'Redis', ms: 0, within: 1 }],
  tick: [{ sent: 0, wakeAt: Infinity }],
  stopped: [],
};

/** Fields of every log line. */
const COMMON_FIELDS = new Set(['level', 'time', 'event', 'msg']);

/** The log line of an event. */
function logged(name: keyof BeatEvents): Record<string, unknown> {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const events = new Events();
  const log = createLogger({ level: 'debug', destination: { write } });
  logEvents(events, log, new ManualClock('2027-03-01T12:00:00Z'));
  // A recovery without an outage is a debug line.
  if (name === 'recovered') events.emit('failure', ...SAMPLES.failure);
  events.emit(name, ...(SAMPLES[name] as never));
  return lines.at(-1)!;
}

function sectionOf(name: string): string {
  const start = PAGE.indexOf(`### ${name}\n`);
  return start === -1 ? '' : PAGE.slice(start, PAGE.indexOf('\n### ', start + 1));
}

describe('docs/events.md', () => {
  test('matches the types and comments of src/contracts/events: run `npm run docs`', async () => {
    expect(await withEventReference(PAGE)).toBe(PAGE);
  });

  test.each(Object.keys(SAMPLES) as (keyof BeatEvents)[])(
    'names the level and the fields of the log line: %s',
    (name) => {
      const line = logged(name);
      const section = sectionOf(name);
      expect(section).toContain(`Log level: ${String(line['level'])}`);
      expect(line['event']).toBe(name);
      for (const field of new Set(Object.keys(line)).difference(COMMON_FIELDS)) {
        expect(section).toContain(`\`${field}\``);
      }
    },
  );

  test('has a line for every log line of the command', () => {
    const files = globSync('src/cli/**/*.ts', { cwd: ROOT });
    const found = files.flatMap((file) => {
      const text = readFileSync(new URL(file, ROOT), 'utf8');
      return [...text.matchAll(/\bevent: '([a-z-]+)'/g)].map(([, name]) => name);
    });
    const rows = [...PAGE.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) +\| [a-z, ]+\|/gm)];
    const listed = rows.flatMap(([, names]) => names!.replaceAll('`', '').split(', '));
    expect(new Set(found).difference(new Set(listed))).toEqual(new Set());
    expect(found.length).toBeGreaterThan(5);
  });
});
