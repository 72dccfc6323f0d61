import { setTimeout as delay } from 'node:timers/promises';
import { BurstBeat } from './burst-beat.ts';
import { PLACES, QUEUE, type Place } from './places.ts';
import { count, spread, summarize } from './stats.ts';
import { atLeast, type Bench, type Row } from './table.ts';

/** The share of the plain client's rate that is wanted. */
const WANTED: Readonly<Record<string, number>> = {
  SQLite: 0.6,
  PostgreSQL: 0.5,
  MariaDB: 0.5,
  'RabbitMQ, state in Redis': 0.6,
};

const POLL_INTERVAL = 2;

/**
 * What beat publishes to a store, beside what the same client library puts into it: the same bytes with the same
 * durability, without states, history, fence and outbox.
 */
export const share: Bench = async ({ quick }) => {
  await using stack = new AsyncDisposableStack();
  const rows: Row[] = [];
  for (const open of PLACES) {
    const place = await open(stack);
    if (place?.publishPlain) rows.push(...(await measure(place, quick ? 2_000 : 10_000, quick ? 4 : 10)));
  }
  return rows;
};

async function measure(place: Place, entries: number, rounds: number): Promise<Row[]> {
  const { brokerUrl, stateUrl } = place;
  await using beat = await BurstBeat.start(brokerUrl, QUEUE, entries, stateUrl === undefined ? {} : { stateUrl });
  const arrived = async () => {
    while ((await place.countMessages()) < entries) await delay(POLL_INTERVAL);
  };
  const rateOf = async (publish: () => Promise<void>) => {
    const started = performance.now();
    await publish();
    // An outbox publishes after the commit.
    await arrived();
    return (1_000 * entries) / (performance.now() - started);
  };
  const [own, plain]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    await beat.prepare();
    const rate = await rateOf(() => beat.burst());
    const payloads = await place.readPayloads!();
    await place.deleteMessages();
    const plainRate = await rateOf(() => place.publishPlain!(payloads));
    await place.deleteMessages();
    // Code is compiled in the first round.
    if (round === 0) continue;
    own.push(rate);
    plain.push(plainRate);
  }
  const row = (what: string, figure: string, behind: string) => {
    return { bench: 'share', what: `${place.name}: ${what}`, figure, behind };
  };
  const [mine, other] = [summarize(own), summarize(plain)];
  const shares = summarize(own.map((rate, round) => rate / plain[round]!));
  return [
    row(`beat, ${count(entries)} entries due at once`, `${count(mine.median)} messages/s`, spread(mine)),
    row('the client alone', `${count(other.median)} messages/s`, spread(other)),
    {
      ...row("beat's share", shares.median.toFixed(2), `${shares.least.toFixed(2)} to ${shares.most.toFixed(2)}`),
      wanted: atLeast(WANTED[place.name]!, shares.median, String),
    },
  ];
}
