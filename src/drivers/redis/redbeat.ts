import type { ReadRedBeat, RedBeatRecord } from '../../contracts/store/import-source.ts';
import type { SchedulerTrace } from '../../contracts/store/store.ts';
import { Connection, TIMEOUT } from './connection/connection.ts';
import { loadScript } from './scripts/script.ts';

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

/** Entries that are read in one round trip. */
const CHUNK = 500;

export const readRedBeat: ReadRedBeat = async ({ server, transport, prefix }) => {
  const timeout = transport.socketTimeout ?? TIMEOUT;
  const connection = new Connection({ server, transport, name: 'beat-import', timeout });
  try {
    return await connection.run('import redbeat', async (client) => {
      const keys = await client.zrange(`${prefix}:schedule`, '0', '-1');
      const records: RedBeatRecord[] = [];
      for (let start = 0; start < keys.length; start += CHUNK) {
        const read = keys.slice(start, start + CHUNK).map(async (key) => {
          const [definition = null, meta = null] = await client.hmget(key, 'definition', 'meta');
          return { key, definition, meta };
        });
        records.push(...(await Promise.all(read)));
      }
      return keys.length === 0 ? null : records;
    });
  } finally {
    await connection.close();
  }
};
