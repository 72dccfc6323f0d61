import { readdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { readUsage } from '../bench/command.ts';
import { Cluster } from '../chaos/cluster.ts';
import { MachineLag } from '../chaos/machine-lag.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import type { BeatClient } from '../src/client/client.ts';
import { connect } from '../src/index.ts';
import { cron } from '../src/schedule/cron/cron.ts';
import { Folder } from '../test/support/folder.ts';
import { HOSTILE_TOKEN } from '../test/support/hostile-inputs.ts';
import { RedisServer } from '../test/support/redis.ts';
import { Arrivals } from './arrivals.ts';
import { disturb, waitForRole } from './disturb.ts';
import { declareEntries, defineStored, findAftermath, NAMES, type SoakPlan } from './plan.ts';
import { RunTracker } from './run-tracker.ts';
import type { Disturbance, InstanceSample, Sample } from './samples.ts';
import { createUsage, get, pause, readPages, reload, sendCommands, type Usage } from './users.ts';

/** Everything that a soak measured. */
export interface SoakResult {
  readonly plan: SoakPlan;
  readonly machine: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly samples: readonly Sample[];
  readonly disturbances: readonly Disturbance[];
  readonly usage: Usage;
  readonly runs: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Crashes and hangs that no disturbance explains. */
  readonly crashes: readonly string[];
}

/** How long runs that were due at the end may take to arrive. Milliseconds. */
const LAST_RUNS_TIMEOUT = 120_000;
const POLL_INTERVAL = 250;
/** How long a command waits for its answer; longer than a takeover. Milliseconds. */
const ANSWER_TIMEOUT = 60_000;
/** The interval of the timer that measures the delay of the event loop in beat, milliseconds. */
const LOOP_TIMER = 100;
const STORED_AT_ONCE = 1_000;
const FILL = 500;

/** Runs instances for the time of the plan under load and disturbances; `report` receives a line of progress. */
export async function runSoak(
  plan: SoakPlan,
  script: string,
  report: (line: string) => void = () => {},
): Promise<SoakResult> {
  await using server = await RedisServer.start();
  const config = (reloads: number) => ({
    brokerUrl: server.url(),
    resultExpires: null,
    timezone: 'UTC',
    lock: { ttl: plan.lockTtlSeconds },
    history: { limit: plan.historyLimit },
    http: { port: 0, changeToken: HOSTILE_TOKEN },
    beatSchedule: declareEntries(plan, reloads),
  });
  using folder = new Folder();
  const write = (reloads: number) => folder.write('beat.config.yaml', stringify(config(reloads)));
  write(0);
  const keep = ({ event }: { readonly event: string }) => KEPT.has(event);
  await using cluster = new Cluster({ cwd: folder.path, script, args: [], keep, envFor: () => ({}) });
  for (let slot = 0; slot < plan.instances; slot++) {
    cluster.start(slot);
    await waitForRole(cluster, slot);
  }
  await using client = await connect(resolveSettings(config(0)), { by: 'soak', wait: ANSWER_TIMEOUT });
  const tracker = new RunTracker(makeSchedules(plan));
  await using arrivals = new Arrivals(server.url(), tracker);
  report('filling the audit trail and adding stored entries');
  await fill(server, client, plan);
  await using lag = new MachineLag();

  const usage = createUsage();
  const disturbances: Disturbance[] = [];
  const samples: Sample[] = [];
  const sources = {
    ...{ server, cluster, arrivals, lag },
    startedProcesses: new Map<number, number>(),
    processorTimes: new Map<number, number>(),
  };
  arrivals.take();
  const startedAt = Date.now();
  const stopping = new AbortController();
  const stop = stopping.signal;
  const isDisturbed = (from: number) => disturbances.some(({ to }) => to + findAftermath(plan) >= from);
  const urls = () => findUrls(cluster).filter((url) => url !== null);
  const activities = [
    sendCommands(client, usage, plan.commandEvery, stop),
    reload(client, usage, { every: plan.reloadEvery, change: write, stop }),
    readPages(urls, usage, { every: plan.requestEvery, stop, isDisturbed }),
    disturb(cluster, plan, disturbances, stop),
  ];
  const failing = Promise.race(activities.map((activity) => activity.then(() => new Promise<never>(() => {}))));
  const end = startedAt + plan.minutes * 60_000;
  while (Date.now() < end) {
    await Promise.race([pause(Math.min(plan.sampleEvery, end - Date.now()), stop), failing]);
    const sample = await takeSample({ ...sources, last: samples.at(-1) ?? null });
    samples.push(sample);
    report(formatProgress(sample, startedAt));
  }
  stopping.abort();
  await Promise.all(activities);
  const mark = Date.now();
  while (tracker.findBehind(startedAt, mark).length > 0 && Date.now() < mark + LAST_RUNS_TIMEOUT) {
    await delay(POLL_INTERVAL);
  }
  const behind = tracker.findBehind(startedAt, mark).map((entry) => `${entry} before ${new Date(mark).toISOString()}`);
  await cluster.stopAll();
  const cores = cpus();
  return {
    plan,
    machine: `Node ${process.version}, ${cores.length} × ${cores[0]?.model ?? 'unknown'}, load average ${loadavg()[0]!.toFixed(1)} at the end`,
    startedAt,
    endedAt: mark,
    samples,
    disturbances,
    usage,
    runs: tracker.runs,
    lost: [...tracker.lost, ...behind],
    doubled: tracker.doubled,
    crashes: cluster.crashes,
  };
}

/** The log lines that are needed; all others would fill the memory of this process. */
const KEPT = new Set(['leading', 'following', 'http']);

/** The schedules of the entries of which each occurrence must run. */
function makeSchedules({ steady, burst, stored }: SoakPlan) {
  const [second, minute] = [cron('* * * * * *', { timezone: 'UTC' }), cron('* * * * *', { timezone: 'UTC' })];
  const tens = Array.from({ length: 10 }, (_, i) => cron(defineStored(i).schedule.cron, { timezone: 'UTC' }));
  return new Map([
    ...Array.from({ length: steady }, (_, i) => [NAMES.steady(i), second] as const),
    ...Array.from({ length: burst }, (_, i) => [NAMES.minute(i), minute] as const),
    ...Array.from({ length: stored }, (_, i) => [NAMES.stored(i), tens[i % tens.length]!] as const),
  ]);
}

async function fill(server: RedisServer, client: BeatClient, { stored, earlierCommands }: SoakPlan): Promise<void> {
  for (let i = 0; i < stored; i += STORED_AT_ONCE) {
    const names = Array.from({ length: Math.min(STORED_AT_ONCE, stored - i) }, (_, k) => i + k);
    await client.addAll(Object.fromEntries(names.map((k) => [NAMES.stored(k), defineStored(k)])));
  }
  for (let i = 0; i < earlierCommands; i += FILL) {
    const commands = Array.from({ length: Math.min(FILL, earlierCommands - i) }, (_, k) => {
      return JSON.stringify({
        id: `earlier ${i + k}`,
        by: 'soak',
        do: k % 2 ? 'resume' : 'pause',
        entry: NAMES.paused,
      });
    });
    await server.client.rpush('beat:commands', ...commands);
    await server.client.publish('beat:commands', '');
    // The leader answers when it has read those before.
    await client.pause(NAMES.paused);
    await client.resume(NAMES.paused);
  }
}

/** The URL of each slot's HTTP server; `null` where none listens. */
function findUrls(cluster: Cluster): (string | null)[] {
  return Array.from({ length: cluster.size }, (_, slot) => {
    const { beat, endedAt } = cluster.at(slot);
    const line = beat.log.all.find(({ event, url }) => event === 'http' && url !== undefined);
    return beat.alive && endedAt === null && line ? String(line['url']).replace(/\/$/, '') : null;
  });
}

interface Sources {
  readonly server: RedisServer;
  readonly cluster: Cluster;
  readonly arrivals: Arrivals;
  readonly lag: MachineLag;
  /** When each process was first sampled, by its id. */
  readonly startedProcesses: Map<number, number>;
  /** The processor time of each process at the sample before, seconds. */
  readonly processorTimes: Map<number, number>;
  readonly last: Sample | null;
}

async function takeSample(sources: Sources): Promise<Sample> {
  const { server, cluster, arrivals, lag, startedProcesses, processorTimes, last } = sources;
  const at = Date.now();
  const { late, burst, runs } = arrivals.take();
  const elapsed = last === null ? null : (at - last.at) / 1_000;
  const lags = lag.lags.splice(0).map(({ ms }) => ms);
  const urls = findUrls(cluster);
  const instances = await Promise.all(
    urls.map(async (url, slot): Promise<InstanceSample | null> => {
      const { beat, endedAt } = cluster.at(slot);
      if (!beat.alive || endedAt !== null) return null;
      const { pid } = beat;
      const used = readUsage(pid);
      if (used === null) return null;
      const before = processorTimes.get(pid);
      processorTimes.set(pid, used.processor);
      if (!startedProcesses.has(pid)) startedProcesses.set(pid, at);
      return {
        pid,
        age: (at - startedProcesses.get(pid)!) / 1_000,
        leads: beat.role === 'leading',
        megabytes: used.now,
        descriptors: countDescriptors(pid),
        processor: before === undefined || elapsed === null ? null : (used.processor - before) / elapsed,
        loop: url === null ? null : await readLoopDelay(url),
      };
    }),
  );
  const info = await server.client.info('memory');
  const megabytes = Number(/^used_memory:(\d+)/m.exec(info)![1]) / 2 ** 20;
  const keys = await server.client.dbsize();
  const store = { megabytes, keys };
  return { at, instances, store, late, burst, rate: runs / (elapsed ?? 1), machine: Math.max(0, ...lags) };
}

function countDescriptors(pid: number): number {
  try {
    return readdirSync(join('/proc', String(pid), 'fd')).length;
  } catch {
    return NaN;
  }
}

/** The 99th percentile since the last call, milliseconds; `null` if the instance does not answer. */
async function readLoopDelay(url: string): Promise<number | null> {
  const text = await get(`${url}/metrics`).catch(() => '');
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1];
  return seconds === undefined ? null : Math.max(0, Number(seconds) * 1_000 - LOOP_TIMER);
}

function formatProgress({ at, instances, late, rate, store }: Sample, startedAt: number): string {
  const memory = instances.map((each) =>
    each === null ? '-' : `${each.megabytes.toFixed(0)}${each.leads ? '*' : ''}`,
  );
  const minutes = ((at - startedAt) / 60_000).toFixed(1);
  return `${minutes} min: ${memory.join(' ')} MB, ${rate.toFixed(0)} runs/s, p99 ${late?.p99 ?? '-'} ms, store ${store.megabytes.toFixed(1)} MB`;
}
