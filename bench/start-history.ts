import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from '../test/support/redis.ts';
import { Command } from './command.ts';
import { writeDay } from './history-of-a-day.ts';
import { count, spread, summarize } from './stats.ts';
import { atMost, type Bench } from './table.ts';

const DAY = 24 * 3_600_000;
/** Of the time of a start without a history: a start reads no history. */
const WANTED_RATIO = 1.15;

/** A start with a day of history in Redis beside a start with `history: false`, in turns. */
export const startHistory: Bench = async ({ quick }) => {
  const entries = quick ? 10_000 : 100_000;
  const rounds = quick ? 3 : 7;
  const beatSchedule = Object.fromEntries(
    Array.from({ length: entries }, (_, i) => [
      `report-${i}`,
      { task: 'reports.build', schedule: { crontab: { minute: i % 60, hour: '*/6' } } },
    ]),
  );
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  const [withHistory, without] = ['with', 'without'].map((name) => join(folder, `${name}.json`)) as [string, string];
  writeFileSync(withHistory, JSON.stringify({ beatSchedule }));
  writeFileSync(without, JSON.stringify({ beatSchedule, history: false }));
  await using server = await RedisServer.start();
  const times = new Map<string, number[]>([withHistory, without].map((config) => [config, []]));
  const processor = new Map<string, number[]>([withHistory, without].map((config) => [config, []]));
  const now = Date.now();
  const runs = await writeDay({ beatSchedule }, server.url(), { from: now - DAY, to: now });
  try {
    for (let round = 0; round < 2 * rounds; round++) {
      const config = [withHistory, without][round % 2]!;
      const command = await Command.start(config, server.url());
      times.get(config)!.push(command.seconds);
      processor.get(config)!.push(command.usage()?.processor ?? NaN);
      await command.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const row = (config: string, name: string) => {
    const summary = summarize(times.get(config)!);
    const used = summarize(processor.get(config)!).median;
    return {
      bench: 'start-history',
      what: `${count(entries)} entries ${name}`,
      figure: `${summary.median.toFixed(2)} s`,
      behind: `${spread(summary, (value) => value.toFixed(2))}, ${used.toFixed(2)} s of a processor`,
    };
  };
  const median = (config: string) => summarize(processor.get(config)!).median;
  const ratio = median(withHistory) / median(without);
  const show = (value: number) => `${value.toFixed(2)} times`;
  return [
    row(withHistory, `with ${count(runs)} runs in the history`),
    row(without, 'with history: false'),
    {
      bench: 'start-history',
      what: 'with, of without; processor time',
      figure: show(ratio),
      wanted: atMost(WANTED_RATIO, ratio, show),
    },
  ];
};
