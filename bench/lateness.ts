import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay, type Histogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from '../test/support/redis.ts';
import { Command } from './command.ts';
import { count, percentile } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

const QUEUE = 'celery';
const RATE = 1_000;
/** Milliseconds, by the shape. */
const WANTED_P99: Readonly<Record<string, number>> = { 'one each millisecond': 3, 'all at the full second': 8 };
/** Milliseconds: the shortest that Node's timers know. */
const TIMER = 1;
const INDEX = JSON.stringify(resolve(import.meta.dirname, '../dist/index.js'));

/** How a thousand a second can be due: one after the other, or all at the full second. */
const SHAPES = {
  'one each millisecond': (seconds: number, from: number) => `
    import { at } from ${INDEX};
    const entry = (i) => [\`report-\${i}\`, { task: 'reports.build', schedule: at(new Date(${from} + i)) }];
    const entries = Array.from({ length: ${seconds * RATE} }, (_, i) => entry(i));
    export default { beatSchedule: Object.fromEntries(entries) };`,
  'all at the full second': () => `
    import { cron } from ${INDEX};
    const schedule = cron('* * * * * *');
    const entry = (i) => [\`report-\${i}\`, { task: 'reports.build', schedule }];
    const entries = Array.from({ length: ${RATE} }, (_, i) => entry(i));
    export default { beatSchedule: Object.fromEntries(entries) };`,
};

/** The time from due to in the queue, as a worker beside the queue sees it: the command, log and all. */
export const lateness: Bench = async ({ quick }) => {
  const seconds = quick ? 5 : 20;
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  const rows: Row[] = [];
  await using server = await RedisServer.start();
  try {
    for (const [shape, configOf] of Object.entries(SHAPES)) {
      await server.flush();
      const from = Date.now() + 5_000;
      const config = join(folder, `${rows.length}.mjs`);
      writeFileSync(config, configOf(seconds, from));
      const command = await Command.start(config, server.url());
      try {
        await delay(from - 10 - Date.now());
        await server.client.del(QUEUE);
        const timer = monitorEventLoopDelay({ resolution: TIMER });
        timer.enable();
        const late = await observe(server.url(), seconds * RATE);
        timer.disable();
        rows.push(makeRow(shape, late, timer));
      } finally {
        await command.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
};

/** Milliseconds from due to here, of so many messages. */
async function observe(url: string, wanted: number): Promise<number[]> {
  const client = new Redis(url);
  const seen: { readonly text: string; readonly at: number }[] = [];
  while (seen.length < wanted) {
    const first = await client.brpop(QUEUE, 10);
    if (first === null) throw new Error(`${seen.length} messages came, not ${wanted}`);
    seen.push({ text: first[1], at: wallClock() });
    const rest = (await client.rpop(QUEUE, wanted)) ?? [];
    const at = wallClock();
    for (const text of rest) seen.push({ text, at });
  }
  client.disconnect();
  // Read at the end, because reading would delay the next message.
  return seen.map(({ text, at }) => at - parseDueAt(text));
}

function parseDueAt(text: string): number {
  const { headers } = JSON.parse(text) as { headers: { beat_due_at: string } };
  return Date.parse(headers.beat_due_at);
}

/** `Date.now()` with fractions of a millisecond. */
function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/** The timer of the process that only looks on is late as well: what the machine itself adds. */
function makeRow(shape: string, late: readonly number[], timer: Histogram): Row {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const p99 = percentile(late, 99);
  return {
    bench: 'lateness',
    what: `${count(RATE)} entries a second, ${shape}`,
    figure: `p50 ${ms(percentile(late, 50))}, p99 ${ms(p99)}`,
    behind: `most ${ms(Math.max(...late))}, ${count(late.length)} messages; a bare timer here: p99 ${ms(timer.percentile(99) / 1e6 - TIMER)}`,
    wanted: atMost(WANTED_P99[shape]!, p99, (value) => `${value} ms`),
  };
}
