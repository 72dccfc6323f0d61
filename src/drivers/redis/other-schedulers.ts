import type { SchedulerTrace } from '../../store/scheduler-trace.ts';
import type { Connection } from './connection/connection.ts';

/** RedBeat's lock, and its sorted set of entries by due time, under its default prefix. */
const KEYS = ['redbeat::lock', 'redbeat::schedule'] as const;

/** The number of due times that a look reads: some of the first ones are those of disabled entries, which do not move. */
const SAMPLES = 16;

/** Returns due times from the whole set, without names of entries, which may be long. */
const SCRIPT = `
local count = redis.call('ZCARD', KEYS[2])
local step = math.max(1, (count - 1) / ${SAMPLES - 1})
local due = {}
for i = 0, math.min(count, ${SAMPLES}) - 1 do
  local index = math.floor(i * step)
  due[i + 1] = redis.call('ZRANGE', KEYS[2], index, index, 'WITHSCORES')[2]
end
return {redis.call('EXISTS', KEYS[1]), table.concat(due, ' ')}
`;

/** Finds RedBeat. It extends its lock at every tick, and moves each entry that ran to its next due time. */
export async function findRedBeat(connection: Connection): Promise<readonly SchedulerTrace[]> {
  const [locked, mark] = (await connection.run('schedulers.find', (client) =>
    client.eval(SCRIPT, KEYS.length, ...KEYS),
  )) as [number, string];
  if (locked === 0 && mark === '') return [];
  return [{ scheduler: 'RedBeat', mark, isLocked: locked === 1 }];
}
