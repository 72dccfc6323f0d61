import { stringify } from 'yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker, type Celery, type TaskRan } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const SERIALIZERS = ['json', 'yaml', 'msgpack'] as const;
const COMPRESSIONS = [undefined, 'zlib', 'brotli', 'zstd', 'lzma'] as const;

const ARGS = [1, -2.5, 'tøy', null, true, [1, [2, { deep: '🎺' }]], 9007199254740991];
const KWARGS = { größe: 'Ærø "quoted"\n', yes: ['no', '12:30', '2020-01-02'], '': {} };

const typed = (type: string, value: unknown) => ({ __type__: type, __value__: value });
const INSTANT = typed('datetime', '2020-01-02T03:04:05.000006+00:00');
const PYTHONS = [INSTANT, typed('date', '2020-01-02'), typed('bytes', 'tøy'), typed('base64', '/wA=')];
const JSONS_OWN = [typed('decimal', '1.50'), typed('uuid', { hex: '0'.repeat(31) + '5' }), typed('time', '12:30:00')];
const REPRS = [
  'datetime.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)',
  ...['datetime.date(2020, 1, 2)', "b't\\xc3\\xb8y'", "b'\\xff\\x00'"],
  ...["Decimal('1.50')", "UUID('00000000-0000-0000-0000-000000000005')", 'datetime.time(12, 30)'],
];

const CODECS = ['yaml', 'msgpack', 'brotli'] as const;
/** Each Celery's worker has a queue of its own. */
const celeries = CELERIES.map((celery, i) => ({
  celery,
  queue: `celery-${i}`,
  missing: requireCelery(celery, ...CODECS),
}));
const tested = celeries.filter((each) => !each.missing);
const missing = requireService('redis-server') || (tested.length === 0 && celeries[0]!.missing);

function entriesFor(queue: string): Record<string, object> {
  const note = { task: 'tasks.note', schedule: 1 };
  const combined = SERIALIZERS.flatMap((serializer) =>
    COMPRESSIONS.map((compression) => [
      `${queue} ${serializer} ${compression}`,
      { ...note, args: ARGS, kwargs: KWARGS, options: { queue, serializer, compression } },
    ]),
  );
  return {
    ...(Object.fromEntries(combined) as Record<string, object>),
    [`${queue} typed json`]: { ...note, args: [...PYTHONS, ...JSONS_OWN], options: { queue } },
    [`${queue} typed yaml`]: { ...note, args: PYTHONS, options: { queue, serializer: 'yaml' } },
    [`${queue} typed msgpack`]: { ...note, args: PYTHONS.slice(2), options: { queue, serializer: 'msgpack' } },
  };
}

/** Entries in Celery's protocol 1. */
function oldEntriesFor(queue: string): Record<string, object> {
  const note = { task: 'tasks.note', schedule: 1, args: ARGS, kwargs: KWARGS };
  return Object.fromEntries(
    SERIALIZERS.map((serializer) => [
      `${queue} first ${serializer}`,
      {
        ...note,
        options: { queue, serializer, compression: 'zlib', countdown: 1, expires: 3600, headers: { 'x-team': 'blé' } },
      },
    ]),
  );
}

interface Envelope {
  readonly headers: { readonly compression?: string };
  readonly 'content-type': string;
}

describe.skipIf(missing)(missing || 'messages in every encoding', () => {
  const queues = tested.map(({ queue }) => queue);
  const sent: SentLine[] = [];
  const ran: TaskRan[] = [];
  const wire: Envelope[] = [];
  const ranFor = (entry: string) =>
    ran.filter(({ id }) => sent.some((line) => line.entry === entry && line.taskId === id));

  beforeAll(async () => {
    await using server = await RedisServer.start();
    await Promise.all([
      sendEach(server, { beat_schedule: Object.assign({}, ...queues.map(entriesFor)) as object }),
      sendEach(server, {
        task_protocol: 1,
        keyPrefix: 'first',
        beat_schedule: Object.assign({}, ...queues.map(oldEntriesFor)) as object,
      }),
    ]);
    for (const queue of queues) {
      const envelopes = await server.client.lrange(queue, 0, -1);
      wire.push(...envelopes.map((text) => JSON.parse(text) as Envelope));
    }
    await Promise.all(tested.map(({ celery, queue }) => runAll(celery, server, queue)));
  });

  /** Runs until each entry was sent at least once. */
  async function sendEach(
    server: RedisServer,
    config: { readonly beat_schedule: object; readonly [setting: string]: unknown },
  ): Promise<void> {
    using folder = new Folder({ 'beat.config.yaml': stringify(config) });
    await using beat = new BeatProcess({ cwd: folder.path, args: ['-b', server.url()] });
    const entries = Object.keys(config.beat_schedule).length;
    await beat.log.until(
      `a run of each of ${entries} entries`,
      () => new Set(beat.sent.map(({ entry }) => entry)).size === entries || undefined,
    );
    await beat.stop();
    sent.push(...beat.sent);
  }

  async function runAll(celery: Celery, server: RedisServer, queue: string): Promise<void> {
    using folder = new Folder();
    await using worker = new Worker(celery, { brokerUrl: server.url(), cwd: folder.path, queues: [queue] });
    await worker.waitForTasks(sent.filter((line) => line.queue === queue).map(({ taskId }) => taskId));
    await worker.kill();
    ran.push(...worker.ran);
  }

  test('encodings: messages name their content type and encoding', () => {
    const said = new Set(wire.map(({ headers, 'content-type': type }) => `${type} ${headers.compression ?? 'plain'}`));
    const types = ['application/json', 'application/x-yaml', 'application/x-msgpack'];
    const compressions = [
      'plain',
      'application/x-gzip',
      'application/x-brotli',
      'application/zstd',
      'application/x-lzma',
    ];
    expect([...said].toSorted()).toEqual(
      types.flatMap((type) => compressions.map((compression) => `${type} ${compression}`)).toSorted(),
    );
  });

  test('encodings: all messages run without an exception', () => {
    expect(ran.map(({ id }) => id).toSorted()).toEqual(sent.map(({ taskId }) => taskId).toSorted());
    expect(new Set(ran.map(({ state }) => state))).toEqual(new Set(['SUCCESS']));
  });

  for (const { celery, queue, missing: without } of celeries) {
    describe.skipIf(without)(without || `on Celery ${findCelery(celery)?.version}`, () => {
      test.each(SERIALIZERS.flatMap((serializer) => COMPRESSIONS.map((compression) => [serializer, compression])))(
        'encodings: arguments arrive unchanged: %s, %s',
        (serializer, compression) => {
          const runs = ranFor(`${queue} ${serializer} ${compression}`);
          expect(runs.length).toBeGreaterThan(0);
          for (const { args, kwargs } of runs) expect({ args, kwargs }).toEqual({ args: ARGS, kwargs: KWARGS });
        },
      );

      test('encodings: dates, decimals and UUIDs arrive as Python values', () => {
        // Before kombu 5.3, tasks receive the map itself.
        const old = findCelery(celery)!.version.startsWith('5.2');
        const json = old ? [...PYTHONS, ...JSONS_OWN] : REPRS;
        expect(ranFor(`${queue} typed json`)[0]?.args).toEqual(json);
        expect(ranFor(`${queue} typed yaml`)[0]?.args).toEqual(REPRS.slice(0, 4));
        expect(ranFor(`${queue} typed msgpack`)[0]?.args).toEqual(REPRS.slice(2, 4));
      });

      test.each(SERIALIZERS)('encodings: protocol 1 works in %s', (serializer) => {
        const entry = `${queue} first ${serializer}`;
        const lines = sent.filter((line) => line.entry === entry);
        const runs = ranFor(entry);
        expect(runs.length).toBeGreaterThan(0);
        expect(runs).toHaveLength(lines.length);
        for (const { args, kwargs, eta, expires, headers, id, at } of runs) {
          expect({ args, kwargs }).toEqual({ args: ARGS, kwargs: KWARGS });
          expect(Date.parse(expires!)).toBeGreaterThan(at);
          expect(at).toBeGreaterThanOrEqual(Date.parse(eta!));
          expect(headers).toEqual({
            periodic_task_name: entry,
            beat_due_at: lines.find(({ taskId }) => taskId === id)!.dueAt,
            'x-team': 'blé',
          });
        }
      });
    });
  }
});
