import type { Recorded } from '../src/read-models/history/account.ts';
import { loadRecorded } from '../src/read-models/history/load-history.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { storeOptions } from '../src/config/service/store-options.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import type { Settings } from '../src/config/settings.ts';
import { limitsOverlap } from '../src/entries/catalog/entry.ts';
import { openState } from '../src/drivers/open-store.ts';
import { openTaskResults } from '../src/drivers/open-results.ts';
import { readStoredEntry, type LoadedEntry } from '../src/entries/catalog/definition.ts';
import type { StateStore } from '../src/contracts/store/store.ts';
import { systemClock } from '../src/util/system-clock.ts';
import { Folder } from '../test/support/folder.ts';
import { HOSTILE_TOKEN } from '../test/support/hostile-inputs.ts';
import { sendCommands } from './command-sender.ts';
import { Cluster } from './cluster.ts';
import type { Environment, EnvironmentType } from './environments/environment.ts';
import type { History } from './history.ts';
import { HostileSender } from './hostile-faults.ts';
import { LIMITED_QUEUE } from './limited-entries.ts';
import { MachineLag } from './machine-lag.ts';
import { Nemesis } from './nemesis.ts';
import { QUEUES, type Scenario } from './scenario.ts';
import { Worker } from './worker.ts';

/** How long the cluster may take to recover after the last fault is healed. Milliseconds. */
const RECOVERY_TIMEOUT = 30_000;

const POLL_INTERVAL = 250;

/** The pause after each hostile input, in which its effects show. Milliseconds. */
const HOSTILE_PAUSE = 500;

/** The lock's TTL in seconds: the shortest that is allowed, so that leadership changes often. */
const TTL = 1;

/** Runs a scenario and returns its history. */
export async function runScenario(
  { seed, instances, entries, faults, commands, hostile }: Scenario,
  type: EnvironmentType,
  script: string,
): Promise<History> {
  await using environment = await type.open(instances);
  const config = {
    ...environment.config,
    ...(type.overlap.length > 0 && { resultBackend: toResultUrl(String(environment.config.brokerUrl)) }),
    lock: { ttl: TTL },
    history: { limit: 100_000 },
    http: { port: 0, changeToken: HOSTILE_TOKEN },
    workerSendTaskEvents: environment.redis !== undefined,
    beatSchedule: entries,
  };
  using folder = new Folder({ 'beat.config.yaml': stringify(config) });
  const settings = resolveSettings(config);
  const envFor = (slot: number) => {
    const url = environment.urlFor(slot);
    return { BEAT_BROKER_URL: url, ...(type.overlap.length > 0 && { CELERY_RESULT_BACKEND: toResultUrl(url) }) };
  };
  await using worker = await startWorker(seed, environment, settings);
  await using cluster = new Cluster({ cwd: folder.path, script, envFor });
  for (let slot = 0; slot < instances; slot++) cluster.start(slot);
  await cluster.at(0).beat.log.until('a role', () => cluster.at(0).beat.role);

  // The run itself must not fail where a busy server replies too late for beat's short TTL.
  const store = await openState({ ...storeOptions(settings, systemClock), lockTtl: 60_000 });
  await using _ = { [Symbol.asyncDispose]: () => store.close() };
  const sender = new HostileSender(cluster, store.commands, environment.redis ?? null);
  const startedAt = Date.now();
  const injecting = new Nemesis(cluster, environment, sender).inject(faults);
  const sending = sendCommands(store.commands, commands, injecting);
  const [injected, sent] = await Promise.all([injecting, sending]);
  const withoutFaults = await sendHostileInputs(cluster, sender, hostile);
  const healedAt = Date.now();
  if (!(await hasRecovered(cluster, healedAt))) {
    cluster.crashes.push(`no instance publishes ${RECOVERY_TIMEOUT} ms after the last fault was healed`);
  }
  worker?.finish();
  await waitForLate(store, worker ? settings.entries.filter(limitsOverlap) : [], healedAt);
  await cluster.stopAll();
  const stored = await loadStored(store, settings);
  const states = await store.ledger.load();
  for (const { entry, state } of stored) states.set(entry.name, state!);
  return {
    entries: [...settings.entries, ...stored.map(({ entry }) => entry)],
    commands: sent,
    keyPrefix: settings.keyPrefix,
    startedAt,
    healedAt,
    crashes: [...cluster.crashes],
    faults: injected,
    hostile: withoutFaults,
    processes: cluster.instances.map(({ beat, endedAt }) => ({ log: beat.log.all, endedAt })),
    queues: await Promise.all([...QUEUES, LIMITED_QUEUE].map((queue) => environment.readQueue(queue))),
    states,
    recorded: await loadAll(store, settings),
    tasks: worker?.tasks ?? new Map(),
    revoked: worker?.revoked ?? new Map(),
    mayRepeat: type.mayRepeat,
  };
}

/**
 * Sends hostile inputs one after the other when an instance has recovered from all faults. Returns `null` if none does.
 */
async function sendHostileInputs(
  cluster: Cluster,
  sender: HostileSender,
  names: readonly string[],
): Promise<History['hostile']> {
  if (names.length === 0) return null;
  if (!(await hasRecovered(cluster, Date.now()))) return null;
  await using machine = new MachineLag();
  await delay(HOSTILE_PAUSE);
  const from = Date.now();
  for (const name of names) {
    await sender.send(name);
    await delay(HOSTILE_PAUSE);
  }
  return { from, to: Date.now(), lags: machine.lags };
}

/** The result backend in the same server as the broker: in databases it has a scheme of its own. */
function toResultUrl(brokerUrl: string): string {
  return brokerUrl.replace(/^sqla\+/, 'db+');
}

/** Returns `null` where the results of runs cannot be read. */
async function startWorker(seed: number, environment: Environment, { results }: Settings): Promise<Worker | null> {
  if (results.backend === null) return null;
  const worker = new Worker({
    seed,
    results: (await openTaskResults(results.backend, results, systemClock))!,
    readQueue: () => environment.readQueue(LIMITED_QUEUE),
  });
  environment.onRevoked?.((taskIds) => worker.revoke(taskIds));
  return worker;
}

/**
 * Waits until every occurrence that was due at `healedAt` is published or skipped, also of entries whose runs wait for each
 * other, and of stored entries, which a leader may read after its first ticks; at most for the recovery timeout, and the
 * checker finds what is left.
 */
async function waitForLate(
  { ledger, entries }: StateStore,
  limited: Settings['entries'],
  healedAt: number,
): Promise<void> {
  const end = Date.now() + RECOVERY_TIMEOUT;
  while (Date.now() < end) {
    const states = await ledger.load();
    const isBehind = limited.some(({ name, schedule }) => {
      const state = states.get(name);
      const next = state && schedule.next(new Date(state.dueAt ?? state.anchor));
      return !next || next.getTime() <= healedAt;
    });
    if (!isBehind && (await entries.page({ limit: 1, dueBy: healedAt })).length === 0) return;
    await delay(POLL_INTERVAL);
  }
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
