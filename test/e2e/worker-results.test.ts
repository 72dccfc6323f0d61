import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const COMMANDS = {
  succeeds: 'echo out; echo err >&2',
  fails: 'echo broken >&2; exit 3',
};

/** What a client in Python reads: the state, and the result or the exception that `get` raises. */
const READ = `
import json, sys
from celery import Celery
app = Celery(broker=sys.argv[1], backend=sys.argv[1])
if sys.argv[1].startswith('sqla+'):
    app = Celery(broker=sys.argv[1], backend='db+sqlite:///results.sqlite')
answers = {}
for name, id in json.loads(sys.argv[2]).items():
    result = app.AsyncResult(id)
    try:
        answers[name] = [result.get(timeout=20), result.state, result.date_done is not None]
    except Exception as error:
        answers[name] = [type(error).__name__, str(error), result.state, result.traceback]
print(json.dumps(answers))`;

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'results of beat worker', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const BROKERS = [
    { name: 'Redis', url: () => server.url(), backend: () => server.url() },
    {
      name: 'SQLite',
      url: () => 'sqla+sqlite:///beat.sqlite',
      backend: () => 'db+sqlite:///results.sqlite',
    },
  ];
  const TABLE = CELERIES.flatMap((celery) => BROKERS.map((broker) => ({ celery, ...broker })));

  test.for(TABLE)(
    'results of beat worker: $celery.name reads them from $name with AsyncResult',
    async ({ celery, url, backend }, context) => {
      const reason = requireCelery(celery);
      if (reason !== false) context.skip(reason);
      await server.flush();
      using folder = new Folder();
      const cwd = folder.path;
      const entries = Object.entries(COMMANDS).map(([name, shell]) => [
        name,
        { shell, schedule: 1 },
      ]);
      const beatSchedule = Object.fromEntries(entries) as object;
      folder.write('beat.config.yaml', stringify({ beatSchedule }));
      const args = ['-b', url(), '--result-backend', backend()];
      await using beat = new BeatProcess({ cwd, args: ['start', '--with-worker', ...args] });
      await beat.waitForEvent('command-succeeded');
      await beat.waitForEvent('command-failed');
      await beat.stop();
      const ids = new Map(
        beat.sent.toReversed().map(({ entry, taskId }: SentLine) => [entry, taskId]),
      );
      const output: string[] = [];
      const { python } = findCelery(celery)!;
      const json = JSON.stringify(Object.fromEntries(ids));
      await using client = new Child(python, ['-c', READ, url(), json], {
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
        ],
        fails: [
          'CommandFailed',
          expect.stringMatching(/failed: exit code 3 after .* s: broken/),
          'FAILURE',
          expect.stringMatching(/^CommandFailed: .*: broken$/),
        ],
      });
    },
  );
});
