import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { Redis } from 'ioredis';
import { LineOutput } from '../src/cli/service/line-output.ts';
import { logEvents } from '../src/observe/log-events.ts';
import { createLogger } from '../src/observe/logger.ts';
import { RedisServer } from '../test/support/redis.ts';
import { BurstBeat } from './burst-beat.ts';
import { celeryRows } from './celery.ts';
import { count, spread, summarize } from './stats.ts';
import { atLeast, type Bench, type Row } from './table.ts';

const WANTED_RATE = 80_000;
const WANTED_SHARE = 0.2;
const WANTED_WITH_HISTORY = 0.85;

/** A program that publishes a burst of messages to a queue of its own. */
interface Contender {
  readonly what: string;
  readonly queue: string;
  /** Resolves when the last message is in the queue. */
  run(): Promise<void>;
}

/**
 * Many entries due at one instant: beat, from that instant to the last message in the queue, against the
 * same client library putting the same texts there, with nothing to decide, to make or to remember.
 * They take turns, so that other load on the machine affects all of them.
 */
export const burst: Bench = async ({ quick }) => {
  const entries = quick ? 10_000 : 50_000;
  const rounds = quick ? 3 : 7;
  await using server = await RedisServer.start();
  await using plain = await BurstBeat.start(server.url(), 'plain', entries);
  await using bare = await BurstBeat.start(server.url(), 'bare', entries, { history: false });
  await using logged = await BurstBeat.start(server.url(), 'logged', entries);
  const log = createLogger({ level: 'info', destination: new LineOutput(openSync(devNull, 'w')) });
  logEvents(logged.beat, log, logged.clock);
  const client = new Redis(server.url());

  let texts: string[] = [];
  const contenders: Contender[] = [
    {
      what: `beat, ${count(entries)} entries due at once`,
      queue: 'plain',
      run: () => plain.burst(),
    },
    {
      what: 'ioredis, one LPUSH each, pipelined',
      queue: 'each',
      run: () => pushEach(client, texts),
    },
    { what: 'beat, without a history', queue: 'bare', run: () => bare.burst() },
    { what: 'beat, with a log line for each', queue: 'logged', run: () => logged.burst() },
    {
      what: 'ioredis, 200 to an LPUSH, pipelined',
      queue: 'many',
      run: () => pushMany(client, texts),
    },
  ];
  const rates = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const { queue } = contender;
      const started = performance.now();
      await contender.run();
      const seconds = (performance.now() - started) / 1_000;
      const found = await client.llen(queue);
      if (found !== entries) throw new Error(`${queue} holds ${found} messages, not ${entries}`);
      rates[i]!.push(entries / seconds);
      if (queue === 'plain') texts = await client.lrange(queue, 0, -1);
      await client.del(queue);
    }
  }
  client.disconnect();
  return [...makeRows(contenders, rates), ...(await celeryRows(server, quick))];
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

function makeRows(contenders: readonly Contender[], rates: readonly (readonly number[])[]): Row[] {
  const rows = contenders.map(({ what }, i): Row => {
    const summary = summarize(rates[i]!);
    return {
      bench: 'burst',
      what,
      figure: `${count(summary.median)} messages/s`,
      behind: spread(summary),
      ...(i === 0 && { wanted: atLeast(WANTED_RATE, summary.median, count) }),
    };
  });
  const [plain, each, bare] = rates;
  return [
    ...rows,
    compare("beat's share of one LPUSH each", plain!, each!, WANTED_SHARE),
    compare('with a history, of the rate without', plain!, bare!, WANTED_WITH_HISTORY),
  ];
}

/** Compares rates within each round, in which both meet the same load. */
function compare(
  what: string,
  rates: readonly number[],
  others: readonly number[],
  wanted: number,
): Row {
  const share = summarize(rates.map((rate, round) => rate / others[round]!));
  return {
    bench: 'burst',
    what,
    figure: share.median.toFixed(2),
    behind: spread(share, (value) => value.toFixed(2)),
    wanted: atLeast(wanted, share.median, String),
  };
}
