import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import type { Module } from '../support/celery-pythons.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import type { SqlServer } from '../support/sql-server.ts';

const COMMANDS = { succeeds: 'echo out; echo err >&2', fails: 'echo broken >&2; exit 3' };

/** What a client in Python reads: the state, and the result or the exception that `get` raises. */
const READ = `
import json, sys
from celery import Celery
app = Celery(broker='memory://', backend=sys.argv[1])
app.conf.result_extended = True
answers = {}
for name, id in json.loads(sys.argv[2]).items():
    result = app.AsyncResult(id)
    try:
        answers[name] = [result.get(timeout=20), result.state, result.date_done is not None, result.worker]
    except Exception as error:
        answers[name] = [type(error).__name__, str(error), result.state, result.traceback]
print(json.dumps(answers))`;

/** A broker with a result backend, and the URL with which each Celery reads results. */
interface Place {
  readonly url: string;
  readonly backend: string;
  readBy(driver: string): string;
  stop(): Promise<unknown>;
}

interface Kind {
  readonly name: string;
  readonly missing: string | false;
  readonly start: () => Promise<Place>;
  /** SQLAlchemy's driver for each Celery: version 1.4 does not know the default driver of 2.1. */
  readonly drivers?: readonly Module[];
}

const onSqlServer = async (server: SqlServer): Promise<Place> => {
  const backend = server.url().replace('sqla+', 'db+');
  return {
    url: server.url(),
    backend,
    readBy: (driver) => backend.replace(/^[^:]+/, (scheme) => `${scheme}+${driver}`),
    stop: () => server.stop(),
  };
};

const KINDS: readonly Kind[] = [
  {
    name: 'Redis',
    missing: requireService('redis-server'),
    start: async () => {
      const server = await RedisServer.start();
      const url = server.url();
      return { url, backend: url, readBy: () => url, stop: () => server.stop() };
    },
  },
  {
    name: 'SQLite',
    missing: false,
    start: async () => {
      const backend = 'db+sqlite:///results.sqlite';
      const url = 'sqla+sqlite:///beat.sqlite';
      return { url, backend, readBy: () => backend, stop: async () => {} };
    },
  },
  {
    name: 'PostgreSQL',
    missing: requireService('postgres'),
    start: async () => onSqlServer(await PostgresServer.start()),
    drivers: ['psycopg2', 'psycopg'],
  },
  {
    name: 'MariaDB',
    missing: requireService('mariadbd'),
    start: async () => onSqlServer(await MariaServer.start()),
    drivers: ['pymysql', 'pymysql'],
  },
];

for (const { name, missing, start, drivers } of KINDS) {
  describe.skipIf(missing)(missing || `results of beat worker in ${name}`, () => {
    let place: Place;

    beforeAll(async () => {
      place = await start();
    });
    afterAll(() => place.stop());

    test.for(CELERIES)(
      `results of beat worker: $name reads them from ${name} with AsyncResult`,
      async (celery, context) => {
        const driver = drivers?.[CELERIES.indexOf(celery)];
        const reason = requireCelery(celery, ...(driver ? [driver] : []));
        if (reason !== false) context.skip(reason);
        using folder = new Folder();
        const cwd = folder.path;
        const entries = Object.entries(COMMANDS).map(([name, shell]) => [name, { shell, schedule: 1 }]);
        const beatSchedule = Object.fromEntries(entries) as object;
        folder.write('beat.config.yaml', stringify({ beatSchedule, resultExtended: true }));
        const args = ['-b', place.url, '--result-backend', place.backend];
        await using beat = new BeatProcess({ cwd, args: ['start', '--with-worker', ...args] });
        await beat.waitForEvent('job-succeeded');
        await beat.waitForEvent('job-failed');
        await beat.stop();
        const ids = new Map(beat.sent.toReversed().map(({ entry, taskId }: SentLine) => [entry, taskId]));
        const output: string[] = [];
        const { python } = findCelery(celery)!;
        const json = JSON.stringify(Object.fromEntries(ids));
        await using client = new Child(python, ['-c', READ, place.readBy(driver ?? ''), json], {
          cwd,
          lines: { 1: (line) => output.push(line), 2: (line) => output.push(line) },
        });
        await client.exited;
        const answers = JSON.parse(output.at(-1)!) as Record<string, unknown>;
        expect(answers).toEqual({
          succeeds: [
            { exit_code: 0, stdout: 'out\n', stderr: 'err\n', seconds: expect.any(Number) as number },
            'SUCCESS',
            true,
            expect.stringMatching(/^beat@/),
          ],
          fails: [
            'JobFailed',
            expect.stringMatching(/failed: exit code 3 after .* s: broken/),
            'FAILURE',
            expect.stringMatching(/^JobFailed: .*: broken$/),
          ],
        });
      },
    );
  });
}
