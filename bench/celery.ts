import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { RedisServer } from '../test/support/redis.ts';
import { count } from './stats.ts';
import type { Row } from './table.ts';

const run = promisify(execFile);
const SCRIPT = resolve(import.meta.dirname, 'celery_burst.py');
/** Selects the first Celery with all needed modules; that of the tests is tried first because it is the newest. */
const PYTHONS = ['.venv/celery/bin/python', 'python3', '/usr/bin/python3'];

const RIVALS = [
  { name: 'celery beat', kind: 'beat', modules: ['celery', 'redis', 'packaging'] },
  { name: 'RedBeat', kind: 'redbeat', modules: ['celery', 'redis', 'packaging', 'redbeat'] },
];

/** The same burst through real Celery, and through RedBeat, where they are installed. */
export async function celeryRows(server: RedisServer, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, kind, modules } of RIVALS) {
    const python = pythonFor(modules);
    if (python === undefined) {
      rows.push({
        bench: 'burst',
        what: name,
        figure: 'missing',
        behind: `no Python here imports ${modules.join(', ')}; npm test installs them`,
      });
      continue;
    }
    for (const entries of quick ? [1_000] : [1_000, 5_000]) {
      rows.push(await measure(server, python, name, kind, entries));
    }
  }
  return rows;
}

async function measure(server: RedisServer, python: string, name: string, kind: string, entries: number): Promise<Row> {
  await server.flush();
  const { stdout } = await run(python, ['-B', SCRIPT, server.url(), kind, String(entries)]);
  const { seconds, versions } = JSON.parse(stdout) as { seconds: number; versions: string };
  const found = await server.client.llen('celery');
  if (found !== entries) throw new Error(`${name} put ${found} messages there, not ${entries}`);
  return {
    bench: 'burst',
    what: `${name}, ${count(entries)} entries due at once`,
    figure: `${count(entries / seconds)} messages/s`,
    behind: versions,
  };
}

/** The first Python that imports all of them; `undefined` where none does. */
export function pythonFor(modules: readonly string[]): string | undefined {
  return PYTHONS.find((path) => imports(path, modules));
}

function imports(python: string, modules: readonly string[]): boolean {
  return spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0;
}
