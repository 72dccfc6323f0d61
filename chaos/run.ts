import type { Recorded } from '../src/history/account.ts';
import { loadRecorded } from '../src/history/load-recorded.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { storeOptions } from '../src/config/service/store-options.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import type { Settings } from '../src/config/settings.ts';
import { openState } from '../src/drivers/open-store.ts';
import { readStoredEntry, type LoadedEntry } from '../src/planning/read-stored-entry.ts';
import type { StateStore } from '../src/store/store.ts';
import { systemClock } from '../src/util/clock.ts';
import { Folder } from '../test/support/folder.ts';
import { sendCommands } from './command-sender.ts';
import { Cluster } from './cluster.ts';
import type { EnvironmentType } from './environments/environment.ts';
import type { History } from './history.ts';
import { Nemesis } from './nemesis.ts';
import type { Scenario } from './scenario.ts';

/** How long the cluster may take to recover after the last fault is healed. Milliseconds. */
const RECOVERY_TIMEOUT = 30_000;

/** The lock's TTL in seconds: the shortest that is allowed, so that leadership changes often. */
const TTL = 1;

/** Runs a scenario and returns its history. */
export async function runScenario(
  { instances, entries, faults, commands }: Scenario,
  type: EnvironmentType,
  script: string,
): Promise<History> {
  await using environment = await type.open(instances);
  const config = {
    ...environment.config,
    lock: { ttl: TTL },
    history: { limit: 100_000 },
    beatSchedule: entries,
  };
  using folder = new Folder({ 'beat.config.yaml': stringify(config) });
  const settings = resolveSettings(config);
  const urlFor = (slot: number) => environment.urlFor(slot);
  await using cluster = new Cluster({ cwd: folder.path, script, urlFor });
  for (let slot = 0; slot < instances; slot++) cluster.start(slot);
  await cluster.at(0).beat.log.until('a role', () => cluster.at(0).beat.role);

  // The run itself must not fail where a busy server replies too late for beat's short TTL.
  const store = await openState({ ...storeOptions(settings, systemClock), lockTtl: 60_000 });
  await using _ = { [Symbol.asyncDispose]: () => store.close() };
  const injecting = new Nemesis(cluster, environment).inject(faults);
  const sending = sendCommands(store.commands, commands, injecting);
  const [injected, sent] = await Promise.all([injecting, sending]);
  const healedAt = Date.now();
  if (!(await hasRecovered(cluster, healedAt))) {
    cluster.crashes.push(
      `no instance publishes ${RECOVERY_TIMEOUT} ms after the last fault was healed`,
    );
  }
  await cluster.stopAll();
  const stored = await loadStored(store, settings);
  const states = await store.ledger.load();
  for (const { entry, state } of stored) states.set(entry.name, state!);
  return {
    entries: [...settings.entries, ...stored.map(({ entry }) => entry)],
    commands: sent,
    keyPrefix: settings.keyPrefix,
    healedAt,
    crashes: [...cluster.crashes],
    faults: injected,
    processes: cluster.instances.map(({ beat, endedAt }) => ({ log: beat.log.all, endedAt })),
    queues: await environment.readQueues(),
    states,
    recorded: await loadAll(store, settings),
    mayRepeat: type.mayRepeat,
  };
}

/** Every entry with its whole history. */
async function loadAll(store: StateStore, settings: Settings): Promise<Recorded[]> {
  const { entries, definitions } = settings;
  const recorded: Recorded[] = [];
  const source = { store, entries, definitions };
  for await (const loaded of loadRecorded(source, store.history!, [], -Infinity)) {
    if (loaded.kind === 'unreadable') throw new Error(loaded.error);
    recorded.push(loaded.recorded);
  }
  return recorded;
}

async function loadStored({ entries }: StateStore, settings: Settings): Promise<LoadedEntry[]> {
  const rows = await entries.page({ limit: 1_000 });
  return rows.map((row) => readStoredEntry(row, settings.definitions));
}

/** Waits until an instance has published or skipped everything that was due at that instant. */
async function hasRecovered(cluster: Cluster, healedAt: number): Promise<boolean> {
  const ticks = cluster.instances
    .filter(({ endedAt }) => endedAt === null)
    .map(({ beat }) =>
      beat.log.first(
        'a tick with nothing left that was due',
        // Commands may have made an entry due earlier than a tick before them says.
        ({ event, time, wakeAt }) =>
          event === 'tick' && Date.parse(time) >= healedAt && Date.parse(String(wakeAt)) > healedAt,
      ),
    );
  const waiting = new AbortController();
  const timeout = delay(RECOVERY_TIMEOUT, false, { signal: waiting.signal }).catch(() => false);
  const recovered = await Promise.race([
    Promise.any(ticks).then(
      () => true,
      () => false,
    ),
    timeout,
  ]);
  waiting.abort();
  for (const tick of ticks) tick.catch(() => {});
  return recovered;
}
