import type { SchedulerTrace } from '../../contracts/store/scheduler-trace.ts';
import type { Connection } from './connection/connection.ts';
import { loadScript } from './scripts/load-script.ts';

/** RedBeat's lock, and its sorted set of entries by due time, under its default prefix. */
const KEYS = ['redbeat::lock', 'redbeat::schedule'] as const;

const FIND_REDBEAT = loadScript('find-redbeat');

/** Finds RedBeat. It extends its lock at every tick, and moves each entry that ran to its next due time. */
export async function findRedBeat(connection: Connection): Promise<readonly SchedulerTrace[]> {
  const [locked, mark] = (await connection.run('schedulers.find', (client) =>
    client.eval(FIND_REDBEAT.lua, KEYS.length, ...KEYS),
  )) as [number, string];
  if (locked === 0 && mark === '') return [];
  return [{ scheduler: 'RedBeat', mark, isLocked: locked === 1 }];
}
