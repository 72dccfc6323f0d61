import type { SchedulerTrace } from '../../store/scheduler-trace.ts';
import type { Connection } from './connection/connection.ts';

/** RedBeat's lock, and its sorted set of entries by due time, under its default prefix. */
const KEYS = ['redbeat::lock', 'redbeat::schedule'] as const;

/** Returns the first and last due time alone: names of entries may be long. */
const SCRIPT = `
local due = function(index) return redis.call('ZRANGE', KEYS[2], index, index, 'WITHSCORES')[2] or '' end
return {redis.call('EXISTS', KEYS[1]), due(0), due(-1)}
`;

/** Finds RedBeat. It extends its lock at every tick, and moves each entry that ran to its next due time. */
export async function findRedBeat(connection: Connection): Promise<readonly SchedulerTrace[]> {
  const [locked, first, last] = (await connection.run('schedulers.find', (client) =>
    client.eval(SCRIPT, KEYS.length, ...KEYS),
  )) as [number, string, string];
  if (locked === 0 && first === '') return [];
  return [{ scheduler: 'RedBeat', mark: `${first} ${last}`, isLocked: locked === 1 }];
}
