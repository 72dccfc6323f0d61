import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { systemClock } from '../src/util/clock.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import type { Settings } from '../src/config/settings.ts';
import type { EntryState } from '../src/store/entry-state.ts';
import { storeOptions } from '../src/config/service/store-options.ts';
import { openStore } from '../src/drivers/open-store.ts';
import { Folder } from '../test/support/folder.ts';
import { Crew, type Harm } from './crew.ts';
import type { Evidence } from './evidence.ts';
import type { Ground, Place } from './ground.ts';
import type { Blow, Scenario } from './scenario.ts';
import { BLOWS } from './to-processes.ts';

/** How long the crew may take to be well again once nothing is done to it any more. Milliseconds. */
const RECOVERY = 30_000;

/** Seconds: the shortest that is allowed, so that much happens in little time. */
const TTL = 1;

/** Plays a scenario to its end, and returns all that can be known about what happened. */
export async function play(scenario: Scenario, place: Place, script: string): Promise<Evidence> {
  const { beats, entries, blows } = scenario;
  await using ground = await place.open(beats);
  const config = { ...ground.config, lock: { ttl: TTL }, beatSchedule: entries };
  using folder = new Folder({ 'beat.config.yaml': stringify(config) });
  const settings = resolveSettings(config);
  const urlFor = (slot: number) => ground.urlFor(slot);
  await using crew = new Crew({ cwd: folder.path, script, urlFor });
  for (let slot = 0; slot < beats; slot++) crew.start(slot);
  await crew.at(0).beat.log.until('a role', () => crew.at(0).beat.role);

  const harms = await wreak(blows, crew, ground);
  const calmAt = Date.now();
  const calm = await calmed(crew, calmAt);
  await crew.stopAll();
  return {
    entries: settings.entries,
    keyPrefix: settings.keyPrefix,
    calmAt,
    faults: [
      ...crew.faults,
      ...(calm ? [] : [`nobody schedules ${RECOVERY} ms after the last blow`]),
    ],
    harms,
    processes: crew.members.map(({ beat, endedAt }) => ({ log: beat.log.all, endedAt })),
    queues: await ground.queued(),
    records: await recordsOf(settings),
    repeats: place.repeats,
  };
}

async function recordsOf(settings: Settings): Promise<Map<string, EntryState>> {
  const store = await openStore(storeOptions(settings, systemClock));
  try {
    return await store.ledger.load();
  } finally {
    await store.close();
  }
}

/** Strikes each blow at its time, whatever others are still going on; none twice upon the same thing. */
async function wreak(blows: readonly Blow[], crew: Crew, ground: Ground): Promise<Harm[]> {
  const started = Date.now();
  const harms: Harm[] = [];
  const busy = new Set<string>();
  const striking: Promise<void>[] = [];
  const strike = async ({ kind, whom, lasts }: Blow) => {
    const slot = whom === 'leader' ? (crew.leader() ?? 0) : whom;
    const toProcess = BLOWS[kind];
    const one = toProcess !== undefined || ground.hits(kind) === 'one';
    const what = toProcess ? `process ${slot}` : one ? `wire ${slot}` : 'broker';
    const all = Array.from({ length: crew.size }, (_, n) => `process ${n}`);
    const needed = kind === 'deploy' ? all : [what];
    if (needed.some((each) => busy.has(each))) return;
    for (const each of needed) busy.add(each);
    const { beat } = crew.at(slot);
    const harm = {
      kind,
      slot: one ? slot : null,
      process: toProcess ? crew.numberOf(crew.at(slot)) : null,
      led: beat.role === 'leading',
      from: Date.now(),
    };
    await (toProcess ? toProcess(crew, slot, lasts) : ground.strike(kind, slot, lasts));
    harms.push({ ...harm, to: Date.now() });
    for (const each of needed) busy.delete(each);
  };
  for (const blow of blows) {
    await delay(Math.max(0, started + blow.at - Date.now()));
    striking.push(strike(blow).catch((error: unknown) => void crew.faults.push(String(error))));
  }
  await Promise.all(striking);
  return harms.sort((a, b) => a.from - b.from);
}

/** Whether somebody has dealt with all that was due at an instant, and looks forward to the next. */
async function calmed(crew: Crew, calmAt: number): Promise<boolean> {
  const settled = crew.members
    .filter(({ endedAt }) => endedAt === null)
    .map(({ beat }) =>
      beat.log.first(
        'a tick that has dealt with everything',
        ({ event, wakeAt }) => event === 'tick' && Date.parse(String(wakeAt)) > calmAt,
      ),
    );
  const given = new AbortController();
  const late = delay(RECOVERY, false, { signal: given.signal }).catch(() => false);
  const calm = await Promise.race([
    Promise.any(settled).then(
      () => true,
      () => false,
    ),
    late,
  ]);
  given.abort();
  for (const each of settled) each.catch(() => {});
  return calm;
}
