import { systemClock } from '../../src/util/system-clock.ts';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Change } from '../../src/contracts/store/commit.ts';
import { Queues } from '../../src/celery/routing/queues.ts';
import { openSqlStore } from './open-sql-store.ts';
import type { StateStoreOptions, Store } from '../../src/contracts/store/store.ts';
import { makeMessage } from './message.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

export function openFile(path: string, options: Partial<StateStoreOptions> = {}): Store {
  return openSqlStore({
    server: parseEndpoint(`sqla+sqlite:///${path}`),
    locks: [],
    keyPrefix: 'beat',
    lockTtl: 8_000,
    transport: DEFAULT_TRANSPORT,
    queues: new Queues(),
    clock: systemClock,
    ...options,
  });
}

/** Returns the entry's state after that many runs. */
export function makeStateAfter(entry: string, runCount: number): EntryState {
  const dueAt = 60_000 * runCount;
  const taskId = `${entry}:${runCount}`;
  return { version: 1, rev: runCount, spec: 'timedelta(60)', anchor: 0, dueAt, sentAt: dueAt + 1, taskId, runCount };
}

/** Returns the change of the entry's run number `run`, counted from 1. */
export function makeRun(entry: string, run: number): Change {
  return {
    entry,
    before: run === 1 ? null : makeStateAfter(entry, run - 1),
    after: makeStateAfter(entry, run),
    messages: [makeMessage(`${entry}:${run}`)],
  };
}
