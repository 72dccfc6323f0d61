import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { MongoServer, requireMongodb } from '../support/mongodb.ts';
import { requireService } from '../support/services.ts';
import { requireSqs, SqsServer } from '../support/sqs.ts';
import type { Cell, Row, Seen } from './matrix/row.ts';
import { rowsOf, ROWS, SETTINGS, type Setup } from './matrix/table.ts';
import { MatrixWorker, type Ran } from './matrix/worker.ts';

const missing = requireService('redis-server') || requireService('rabbitmq-server');

/** Why a broker is missing for a Celery. */
const WITHOUT: Readonly<Record<Cell['broker'], (celery: Cell['celery']) => string | false>> = {
  Redis: () => false,
  RabbitMQ: () => false,
  SQS: (celery) => requireSqs() || (celery === 'old' && 'only the newest Celery is installed with SQS'),
  MongoDB: () => requireMongodb(),
};

const CONFIG = join(import.meta.dirname, 'matrix/beat.config.ts');

/** Milliseconds from the start of beat until its entries are due. */
const LEAD = 3_000;

/** The results of the rows of one cell. */
class Played {
  readonly sent = new Map<string, SentLine>();
  readonly ran = new Map<string | null, readonly Seen[]>();
  readonly results = new Map<string, unknown>();
}

const runsOf = (row: Row, cell: Cell): readonly Seen[] =>
  typeof row.runs === 'function' ? row.runs(cell) : (row.runs ?? [{}]);

describe.skipIf(missing)(missing || 'real workers', () => {
  let redis: RedisServer;
  let rabbit: RabbitNode;
  let sqs: SqsServer | null;
  let mongodb: MongoServer | null;

  beforeAll(async () => {
    [redis, rabbit, sqs, mongodb] = await Promise.all([
      RedisServer.start(),
      borrowRabbit(),
      WITHOUT.SQS('new') ? null : SqsServer.start(),
      WITHOUT.MongoDB('new') ? null : MongoServer.start('set'),
    ]);
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), rabbit.stop(), sqs?.stop(), mongodb?.stop()]);
  });

  CELERIES.forEach((celery, i) => {
    const { version = '' } = findCelery(celery) ?? {};
    for (const broker of ['Redis', 'RabbitMQ', 'SQS', 'MongoDB'] as const) {
      const cell: Cell = { broker, version, celery: i === 0 ? 'old' : 'new' };
      const without =
        (broker === 'MongoDB' ? requireCelery(celery, 'pymongo') : requireCelery(celery)) ||
        WITHOUT[broker](cell.celery);

      describe.skipIf(without)(without || `Celery ${version} on ${broker}`, () => {
        let played: Played;
        beforeAll(async () => {
          const own = redis.url(2 * i + 1);
          const brokerUrl = { Redis: own, RabbitMQ: rabbit.url(), SQS: sqs?.url(), MongoDB: mongodb?.url() }[broker]!;
          played = await play(cell, celery, brokerUrl, broker === 'MongoDB' ? brokerUrl : own);
        });

        for (const row of ROWS) {
          const not = row.not?.(cell) ?? false;
          test.skipIf(not)(`${row.name}${not ? ` (not: ${not})` : ''}`, () => {
            const expected = runsOf(row, cell).map(matching);
            const ran = played.ran.get(row.name) ?? [];
            if (expected.length === 1) expect(ran[0]).toMatchObject(expected[0] as object);
            else expect(ran).toEqual(expect.arrayContaining(expected.map(containing)));
            expect(ran).toHaveLength(expected.length);
            if ('result' in row) expect(played.results.get(row.name)).toEqual(row.result);
          });
        }
      });
    }
  });

  /** Runs one worker, and one beat for each group of settings. */
  async function play(cell: Cell, celery: (typeof CELERIES)[number], brokerUrl: string, state: string) {
    const played = new Played();
    const rows = rowsOf(cell);
    using folder = new Folder();
    await using worker = new MatrixWorker(celery, brokerUrl, redis.url(9));
    await worker.reports.first('a worker that is ready', ({ kind }) => kind === 'ready');

    const send = async (settings: string, lead: number): Promise<readonly SentLine[]> => {
      const wanted = rows.filter((row) => (row.settings ?? 'common') === settings).length;
      const setup: Setup = { cell, results: redis.url(9), lead };
      await using beat = new BeatProcess({
        cwd: folder.path,
        args: ['-c', CONFIG, '-b', brokerUrl, '--state', state],
        env: { MATRIX_SETTINGS: settings, MATRIX_SETUP: JSON.stringify(setup) },
      });
      const late = await beat.log.until(`${wanted} runs`, () => {
        if (beat.log.all.some(({ event }) => event === 'never-due')) return true;
        return beat.sent.length < wanted ? undefined : false;
      });
      await beat.stop();
      // On a busy host beat started after the due time: try again with more time.
      return late ? await send(settings, 2 * lead) : beat.sent;
    };
    const sent = await Promise.all(Object.keys(SETTINGS).map((name) => send(name, LEAD)));
    for (const line of sent.flat()) played.sent.set(line.entry, line);
    // Each row reports its own missing messages.
    await worker.reports
      .until('a run of each row', () => isComplete(worker.ran, rows, cell) || undefined)
      .catch(() => {});
    await worker.kill();

    const results = redis.client.duplicate({ db: 9 });
    for (const row of rows) {
      const ran = worker.ran.filter((run) => run.row === row.name);
      played.ran.set(
        row.name,
        ran.map((run) => seenOf(run, worker, played.sent.get(row.name)!)),
      );
      const key = `celery-task-meta-${played.sent.get(row.name)!.taskId}`;
      const kept = await results.get(key);
      if (kept !== null) played.results.set(row.name, (JSON.parse(kept) as Seen)['result']);
    }
    results.disconnect();
    // A killed worker may leave messages unacknowledged, which the next one must not receive.
    await Promise.all([redis.flush(), cell.broker === 'RabbitMQ' && rabbit.empty()]);
    return played;
  }
});

function isComplete(ran: readonly Ran[], rows: readonly Row[], cell: Cell): boolean {
  const runs = Map.groupBy(ran, ({ row }) => row);
  return rows.every((row) => (runs.get(row.name)?.length ?? 0) >= runsOf(row, cell).length);
}

/** The fields by which rows are compared. */
function seenOf(ran: Ran, worker: MatrixWorker, sent: SentLine): Seen {
  const sentAt = Date.parse(sent.dueAt) + sent.latenessMs;
  const received = worker.received(ran.id);
  const at = (iso: string | null) => (iso === null ? null : new Date(iso).toISOString());
  const after = (iso: string | null) => (iso === null ? null : Date.parse(iso) - sentAt);
  const own = (id: unknown) => (id === ran.id ? 'itself' : id);
  return {
    ...received,
    ...ran,
    etaAt: at(ran.eta),
    etaIn: after(ran.eta),
    expiresAt: at(ran.expires),
    expiresIn: after(ran.expires),
    root: own(ran['root_id']),
    correlation: own(ran['correlation_id']),
  };
}

/** Replaces regular expressions, at any depth, by matchers of the test runner. */
function matching(value: unknown): unknown {
  if (value instanceof RegExp) return expect.stringMatching(value);
  if (Array.isArray(value)) return value.map(matching);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, matching(inner)]));
}

/** Like `toMatchObject`, for one element of many. */
function containing(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if ('asymmetricMatch' in value) return value;
  const inner = Object.entries(value).map(([key, part]) => [key, containing(part)]);
  return expect.objectContaining(Object.fromEntries(inner) as object);
}
