import { Redis } from 'ioredis';
import type { BeatConfig } from '../src/generated/config-types.ts';
import { registerProvider, removeProvider } from '../test/support/otel-provider.mjs';
import { RedisServer } from '../test/support/redis.ts';
import { BurstBeat } from './burst-beat.ts';
import { celeryRows } from './celery.ts';
import { countMetrics, sendAlerts, writeLog, type Observer } from './observers.ts';
import { processorTime } from './processor-time.ts';
import { count, spread, summarize } from './stats.ts';
import { atLeast, atMost, type Bench, type Row } from './table.ts';

const WANTED_RATE = 80_000;
const WANTED_SHARE = 0.8;
/** The processor time of a plain burst without a history, and with metrics or a log line for each run. */
const WANTED_WITHOUT_HISTORY = 0.9;
const WANTED_WITH_METRICS = 1.03;
const WANTED_WITH_LOG = 1.15;

/** Entries with metrics of their own. */
const PER_ENTRY = 1_000;
const PING = 'http://alerts.invalid/{entry}';

type Wanted = (figure: number) => NonNullable<Row['wanted']>;

/** One burst: messages per second, and microseconds of beat's and Redis's processor time for each. */
interface Round {
  readonly rate: number;
  readonly cost: number;
}

/** A program that publishes a burst of messages to a queue of its own. */
interface Contender {
  readonly what: string;
  readonly queue: string;
  /** What is done before the messages are due. */
  prepare?(): Promise<void>;
  /** Resolves when the last message is in the queue. */
  run(): Promise<void>;
}

/**
 * Many entries due at one instant: beat, from that instant to the last message in the queue, against the
 * same client library putting the same texts there, with nothing to decide, to make or to remember.
 * They take turns, so that other load on the machine affects all of them. What history and metrics cost is compared in
 * processor time, which depends least on that load.
 */
export const burst: Bench = async ({ quick }) => {
  const entries = quick ? 10_000 : 50_000;
  await using server = await RedisServer.start();
  await using beats = new AsyncDisposableStack();
  const startBeat = async (name: string, settings: BeatConfig, ...observers: Observer[]) => {
    const beat = beats.use(await BurstBeat.start(server.url(), name, entries, settings));
    for (const observe of observers) observe(beat);
    return { queue: name, prepare: () => beat.prepare(), run: () => beat.burst() };
  };
  const plain = await startBeat('plain', {});
  const bare = await startBeat('bare', { history: false });
  const metered = await startBeat('metered', {}, countMetrics);
  const logged = await startBeat('logged', {}, writeLog);
  // A provider that is registered when an instance starts has it trace its runs.
  registerProvider(() => {});
  const full = await startBeat(
    'full',
    { metrics: { perEntry: PER_ENTRY }, alerts: { ping: PING } },
    ...[countMetrics, writeLog, sendAlerts],
  );
  removeProvider();
  const client = new Redis(server.url());

  let texts: string[] = [];
  const contenders: Contender[] = [
    { what: `beat, ${count(entries)} entries due at once`, ...plain },
    { what: 'ioredis, one LPUSH each, pipelined', queue: 'each', run: () => pushEach(client, texts) },
    { what: 'beat, without a history', ...bare },
    { what: 'beat, with metrics', ...metered },
    { what: 'beat, with a log line for each', ...logged },
    { what: 'beat, with metrics of entries, log, alerts, traces', ...full },
    { what: 'ioredis, 200 to an LPUSH, pipelined', queue: 'many', run: () => pushMany(client, texts) },
  ];
  const rounds = contenders.map((): Round[] => []);
  const last = quick ? 3 : 7;
  for (let round = 0; round <= last; round++) {
    for (const [i, contender] of contenders.entries()) {
      const { queue } = contender;
      // What is done before the burst counts as processor time too.
      const before = await processorTime(client);
      await contender.prepare?.();
      const started = performance.now();
      await contender.run();
      const seconds = (performance.now() - started) / 1_000;
      const processor = (await processorTime(client)) - before;
      const measured = { rate: entries / seconds, cost: (1e6 * processor) / entries };
      // Code is compiled in the first round.
      if (round > 0) rounds[i]!.push(measured);
      const found = await client.llen(queue);
      if (found !== entries) throw new Error(`${queue} holds ${found} messages, not ${entries}`);
      if (queue === 'plain') texts = await client.lrange(queue, 0, -1);
      await client.del(queue);
    }
  }
  client.disconnect();
  return [...makeRows(contenders, rounds), ...(await celeryRows(server, quick))];
};

/** Larger pipelines are not faster. */
const PIPELINE = 1_000;
const PUSH = 200;

async function pushEach(client: Redis, texts: readonly string[]): Promise<void> {
  for (let i = 0; i < texts.length; i += PIPELINE) {
    const pipeline = client.pipeline();
    for (const text of texts.slice(i, i + PIPELINE)) pipeline.lpush('each', text);
    await pipeline.exec();
  }
}

async function pushMany(client: Redis, texts: readonly string[]): Promise<void> {
  for (let i = 0; i < texts.length; i += PIPELINE) {
    const pipeline = client.pipeline();
    for (let k = i; k < i + PIPELINE; k += PUSH) {
      pipeline.lpush('many', ...texts.slice(k, k + PUSH));
    }
    await pipeline.exec();
  }
}

function makeRows(contenders: readonly Contender[], rounds: readonly (readonly Round[])[]): Row[] {
  const rates = rounds.map((each) => each.map(({ rate }) => rate));
  const costs = rounds.map((each) => each.map(({ cost }) => cost));
  const rows = contenders.map(({ what }, i): Row => {
    const rate = summarize(rates[i]!);
    const cost = summarize(costs[i]!).median.toFixed(0);
    return {
      bench: 'burst',
      what,
      figure: `${count(rate.median)} messages/s`,
      behind: `${spread(rate)}; ${cost} µs of the processors each`,
      ...(i === 0 && { wanted: atLeast(WANTED_RATE, rate.median, count) }),
    };
  });
  const [plain, , bare, metered, logged, full] = costs;
  const compareCosts = (what: string, of: readonly number[] | undefined, wanted?: Wanted) =>
    compare(`processor time ${what}, of that of the first`, of!, plain!, wanted);
  return [
    ...rows,
    compare("beat's share of one LPUSH each", rates[0]!, rates[1]!, (share) => atLeast(WANTED_SHARE, share, String)),
    compareCosts('without a history', bare, (share) => atLeast(WANTED_WITHOUT_HISTORY, share, String)),
    compareCosts('with metrics', metered, (share) => atMost(WANTED_WITH_METRICS, share, String)),
    compareCosts('with a log line for each', logged, (share) => atMost(WANTED_WITH_LOG, share, String)),
    compareCosts('with everything', full),
  ];
}

/** Compares figures within each round, in which both meet the same load. */
function compare(what: string, figures: readonly number[], others: readonly number[], wanted?: Wanted): Row {
  const share = summarize(figures.map((figure, round) => figure / others[round]!));
  return {
    bench: 'burst',
    what,
    figure: share.median.toFixed(2),
    behind: spread(share, (value) => value.toFixed(2)),
    ...(wanted && { wanted: wanted(share.median) }),
  };
}
