import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RedisServer } from '../test/support/redis.ts';
import { writeDay } from './history-of-a-day.ts';
import { count } from './stats.ts';
import type { Bench } from './table.ts';

const COMMAND = resolve(import.meta.dirname, '../dist/cli/beat.js');
const DAY = 24 * 3_600_000;

/** `beat audit` of one day, with one and with several runs of each entry: its time, and how much memory it needs. */
export const audit: Bench = async ({ quick }) => {
  const entries = quick ? 10_000 : 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  const config = join(folder, 'beat.config.json');
  await using server = await RedisServer.start();
  const rows = [];
  try {
    for (const hours of ['3', '*/4']) {
      await server.flush();
      const beatSchedule = Object.fromEntries(
        Array.from({ length: entries }, (_, i) => [
          `report-${i}`,
          { task: 'reports.build', schedule: { crontab: { minute: i % 60, hour: hours } } },
        ]),
      );
      writeFileSync(config, JSON.stringify({ beatSchedule }));
      const to = Math.floor(Date.now() / DAY) * DAY;
      const from = to - DAY;
      const runs = await writeDay({ beatSchedule }, server.url(), { from, to });
      const period = ['--from', new Date(from).toISOString(), '--to', new Date(to).toISOString()];
      const flags = ['--config', config, '--broker', server.url(), ...period];
      const { seconds, megabytes } = await measure(['audit', ...flags]);
      rows.push({
        bench: 'audit',
        what: `${count(entries)} entries, ${count(runs)} runs of a day`,
        figure: `${seconds.toFixed(1)} s`,
        behind: `${count(megabytes)} MB resident at most`,
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Runs the built command; its exit code must be 0. */
async function measure(args: readonly string[]): Promise<{ seconds: number; megabytes: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let most = NaN;
  // The last lines of a process that has ended cannot be read, so the memory is read as its output arrives.
  child.stdout.on('data', () => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    most = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? most);
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`beat ${args[0]} ended with ${code}`);
  return { seconds: (performance.now() - started) / 1_000, megabytes: most / 1_024 };
}
