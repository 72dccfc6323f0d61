import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { BeatProcess, type SentLine } from '../test/support/beat-process.ts';
import { Folder } from '../test/support/folder.ts';
import {
  HOSTILE_INPUTS,
  HOSTILE_TOKEN,
  type HostileInput,
  type HostileTarget,
} from '../test/support/hostile-inputs.ts';
import { RedisServer } from '../test/support/redis.ts';
import { count } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

const PROBE = resolve(import.meta.dirname, 'hostile-probe.ts');
/** How long a run may be late because of an input, milliseconds. */
const LATEST = 100;
/** How much memory an input may take, megabytes. */
const MEMORY = 200;
/** How long runs are observed before and after an input is sent, milliseconds. */
const BEFORE = 2_500;
const AFTER = 4_000;
/** How long commands may take to be applied, milliseconds. */
const COMMANDS_TIMEOUT = 90_000;

/** Two configurations that take long to read: the leader reads them when it is sent a reload. */
const CONFIGURATIONS: Readonly<Record<string, () => object>> = {
  'a reload with a calendar of 500,000 dates': () => ({
    calendars: { hostile: { dates: Array.from({ length: 500_000 }, (_, i) => toDate(i)) } },
  }),
  'a reload with 10,000 invalid entries': () => {
    const invalid = Array.from({ length: 10_000 }, (_, i) => [`e${i}`, { taks: 't' }]);
    return { beatSchedule: Object.fromEntries(invalid) as object };
  },
};

/** What hostile inputs do to a leader that publishes every second. */
export const hostile: Bench = async ({ quick }) => {
  const rows: Row[] = [];
  const share = quick ? 0.1 : 1;
  for (const input of Object.values<HostileInput>(HOSTILE_INPUTS)) {
    rows.push(await measure(input, share, null));
  }
  for (const [what, config] of Object.entries(CONFIGURATIONS)) {
    const send: HostileInput['send'] = ({ append }) => append(['{"id":"r","do":"reload"}']);
    rows.push(await measure({ what, send }, share, config()));
  }
  return rows;
};

async function measure({ what, send }: HostileInput, share: number, changed: object | null): Promise<Row> {
  process.stderr.write(`  ${what} …\n`);
  await using server = await RedisServer.start();
  const config = {
    brokerUrl: server.url(),
    resultBackend: server.url(),
    workerSendTaskEvents: true,
    timezone: 'UTC',
    http: { port: 0, changeToken: HOSTILE_TOKEN },
    beatSchedule: { tick: { task: 'tasks.tick', schedule: { cron: '* * * * * *' }, missed: 'all' } },
  };
  using folder = new Folder({ 'beat.config.yaml': stringify(config) });
  const blocks = join(folder.path, 'blocks.txt');
  const env = { BENCH_PROBE: blocks, NODE_OPTIONS: `--import ${PROBE}` };
  await using beat = new BeatProcess({ cwd: folder.path, args: ['-l', 'debug'], env });
  const { url } = await beat.waitForEvent('http');
  await beat.waitForEvent('scheduling');
  await delay(BEFORE);
  const idle = readMemory(beat.pid);
  if (changed) folder.write('beat.config.yaml', stringify({ ...config, ...changed }));
  const began = Date.now();
  const target: HostileTarget = {
    url: String(url),
    share,
    redis: server.client,
    append: async (texts) => {
      for (let i = 0; i < texts.length; i += 1_000) {
        await server.client.rpush('beat:commands', ...texts.slice(i, i + 1_000));
      }
      await server.client.publish('beat:commands', '');
    },
    taskIds: async () => beat.sent.slice(-2).map(({ taskId }) => taskId),
  };
  let most = idle;
  const watching = setInterval(() => (most = Math.max(most, readMemory(beat.pid))), 20);
  await send(target).catch(() => {});
  const sent = Date.now();
  while (beat.alive && Date.now() - sent < COMMANDS_TIMEOUT) {
    if ((await server.client.llen('beat:commands')) === 0) break;
    await delay(50);
  }
  await delay(AFTER);
  clearInterval(watching);
  const ended = beat.alive ? '' : 'the process died; ';
  const late = findLatest(beat.sent, began, Date.now());
  await beat.stop().catch(() => {});
  const block = readBlocks(blocks, began);
  const memory = most - idle;
  const met = ended === '' && late <= LATEST && memory <= MEMORY;
  return {
    bench: 'hostile',
    what,
    figure: `${count(block)} ms`,
    behind: `${ended}a run at most ${count(late)} ms late; ${count(memory)} MB more, ${count(most)} MB in all`,
    wanted: { ...atMost(LATEST, late, (value) => `${value} ms late`), met },
  };
}

/** How late the latest run was that was due in between; one that was not published is late until the end. */
function findLatest(runs: readonly SentLine[], from: number, end: number): number {
  const published = new Map(runs.map(({ dueAt, latenessMs }) => [Date.parse(dueAt), latenessMs]));
  let latest = 0;
  for (let at = Math.ceil(from / 1_000) * 1_000; at < end - 1_000; at += 1_000) {
    latest = Math.max(latest, published.get(at) ?? end - at);
  }
  return latest;
}

/** The longest block that ended after an instant, milliseconds. */
function readBlocks(file: string, from: number): number {
  if (!existsSync(file)) return 0;
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const found = lines.map((line) => line.split(' ').map(Number)).filter(([at]) => at! >= from);
  return Math.max(0, ...found.map(([, length]) => length!));
}

/** Resident memory in megabytes; 0 for a process that ended. */
function readMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

function toDate(i: number): string {
  return new Date(Date.UTC(1600, 0, 1 + i)).toISOString().slice(0, 10);
}
