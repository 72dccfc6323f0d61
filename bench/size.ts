import { setTimeout as delay } from 'node:timers/promises';
import { BurstBeat } from './burst-beat.ts';
import { PLACES, QUEUE, type Place } from './places.ts';
import { descendantsTime } from './processor-time.ts';
import { count, spread, summarize } from './stats.ts';
import type { Bench, Row } from './table.ts';

/** More than any entry runs here, so that no row is removed. */
const HISTORY_LIMIT = 10_000;
const RUNS_OF_A_DAY = 1_440;
/** The bursts before the history is measured: by then, states have their final size. */
const FIRST = 2;
const POLL_INTERVAL = 5;

/** What one leader publishes a second with each store, and the bytes that an entry and a run take in it. */
export const size: Bench = async ({ quick }) => {
  const entries = quick ? 1_000 : 10_000;
  const bursts = quick ? 8 : 14;
  await using stack = new AsyncDisposableStack();
  const rows: Row[] = [];
  for (const open of PLACES) {
    const place = await open(stack);
    if (place) rows.push(...(await measure(place, entries, bursts)));
  }
  return rows;
};

async function measure(place: Place, entries: number, bursts: number): Promise<Row[]> {
  const empty = await place.size();
  const { brokerUrl, stateUrl } = place;
  const settings = { history: { limit: HISTORY_LIMIT }, ...(stateUrl !== undefined && { stateUrl }) };
  await using beat = await BurstBeat.start(brokerUrl, QUEUE, entries, settings);
  const perEntry = ((await place.size()) - empty) / entries;
  const rates: number[] = [];
  const costs: number[] = [];
  const shares: number[] = [];
  const servers: number[] = [];
  let perMessage: number | null = null;
  let before = NaN;
  for (let i = 1; i <= bursts; i++) {
    const serversBefore = descendantsTime();
    const [processor, started] = [process.cpuUsage(), performance.now()];
    await beat.burst();
    // An outbox publishes after the commit.
    while ((await place.countMessages()) < entries) await delay(POLL_INTERVAL);
    const seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(processor);
    const used = (user + system) / 1e6;
    const usedByServers = descendantsTime() - serversBefore;
    const full = (await place.used?.()) ?? NaN;
    await place.deleteMessages();
    if (i === FIRST) before = await place.size();
    if (i <= FIRST) continue;
    rates.push(entries / seconds);
    costs.push((1e6 * used) / entries);
    shares.push((100 * used) / seconds);
    servers.push((1e6 * usedByServers) / entries);
    if (place.used) perMessage = (full - (await place.used())) / entries;
  }
  const perRun = ((await place.size()) - before) / (entries * (bursts - FIRST));
  const rate = summarize(rates);
  const cost = summarize(costs).median.toFixed(0);
  const row = (what: string, figure: string, behind = ''): Row => {
    return { bench: 'size', what: `${place.name}: ${what}`, figure, behind };
  };
  return [
    row(
      `${count(entries)} runs due at once`,
      `${count(rate.median)} runs/s`,
      `${spread(rate)}; ${cost} µs of a processor each in beat and ${summarize(servers).median.toFixed(0)} µs in its servers; beat used ${count(summarize(shares).median)} % of a core`,
    ),
    row('an entry', `${count(perEntry)} B`, 'its state before the first run'),
    row('a run in the history', `${count(perRun)} B`),
    row('a day of an entry that runs each minute', `${count((RUNS_OF_A_DAY * perRun) / 1_024)} KB`, 'of history'),
    ...(perMessage === null ? [] : [row('a message in the queue', `${count(perMessage)} B`)]),
  ];
}
