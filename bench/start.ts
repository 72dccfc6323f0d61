import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { RedisServer } from '../test/support/redis.ts';
import { Command, type Usage } from './command.ts';
import { count, percentile, spread, summarize } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

const WANTED_SECONDS = 5;
const WANTED_MEGABYTES = 400;

/**
 * The command, from the start of its process until it leads and all records are written; then once more,
 * with existing states. The maximum of memory is the peak of the first start.
 */
export const start: Bench = async ({ quick }) => {
  const entries = quick ? 10_000 : 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  const rows: Row[] = [];
  await using server = await RedisServer.start();
  try {
    for (const [kind, text] of Object.entries(configs(entries))) {
      const config = join(folder, `beat.config.${kind}`);
      writeFileSync(config, text());
      rows.push(...(await makeRows(server, config, kind, entries, quick ? 1 : 3)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
};

async function makeRows(
  server: RedisServer,
  config: string,
  kind: string,
  entries: number,
  rounds: number,
): Promise<Row[]> {
  const first: Start[] = [];
  const again: Start[] = [];
  for (let round = 0; round < rounds; round++) {
    await server.flush();
    for (const starts of [first, again]) {
      const command = await Command.start(config, server.url());
      starts.push({ seconds: command.seconds, usage: command.usage() });
      await command.stop();
      const written = await server.client.hlen('beat:states');
      // One more is celery.backend_cleanup.
      if (written !== entries + 1) {
        throw new Error(`${written} records are written, not ${entries + 1}`);
      }
    }
  }
  const what = `${count(entries)} entries ${KINDS[kind]}`;
  return [timeRow(`${what}, new`, first), timeRow(`${what}, known`, again), ...memoryRows(`${what}, resident`, first)];
}

interface Start {
  readonly seconds: number;
  readonly usage: Usage | null;
}

function timeRow(what: string, starts: readonly Start[]): Row {
  const summary = summarize(starts.map(({ seconds }) => seconds));
  const used = starts.flatMap(({ usage }) => usage?.processor ?? []);
  const processor = used.length === 0 ? '' : `, ${percentile(used, 50).toFixed(2)} s of a processor`;
  return {
    bench: 'start',
    what,
    figure: `${summary.median.toFixed(2)} s`,
    behind: spread(summary, (value) => value.toFixed(2)) + processor,
    wanted: atMost(WANTED_SECONDS, summary.median, String),
  };
}

function memoryRows(what: string, starts: readonly Start[]): Row[] {
  const usages = starts.flatMap(({ usage }) => usage ?? []);
  if (usages.length === 0) return [];
  const most = percentile(
    usages.map((usage) => usage.most),
    50,
  );
  const now = percentile(
    usages.map((usage) => usage.now),
    50,
  );
  return [
    {
      bench: 'start',
      what,
      figure: `${count(most)} MB`,
      behind: `at most; ${count(now)} MB when it leads`,
      wanted: atMost(WANTED_MEGABYTES, most, count),
    },
  ];
}

const KINDS: Record<string, string> = { mjs: 'made in code', json: 'in a JSON file', yaml: 'in a YAML file' };

const INDEX = JSON.stringify(resolve(import.meta.dirname, '../dist/index.js'));

function configs(entries: number): Record<string, () => string> {
  return {
    mjs: () => `
      import { crontab, timedelta } from ${INDEX};
      const schedule = (i) => i % 2 ? timedelta({ minutes: 5 + (i % 50) })
        : crontab({ minute: i % 60, hour: i % 24 });
      const entries = Array.from({ length: ${entries} }, (_, i) => [\`report-\${i}\`, {
        task: 'reports.build', schedule: schedule(i), args: [i, 'daily'], kwargs: { tenant: \`t-\${i}\` },
      }]);
      export default { beatSchedule: Object.fromEntries(entries) };`,
    json: () => JSON.stringify(declare(entries)),
    yaml: () => stringify(declare(entries)),
  };
}

/** A configuration with that many entries, half of them `crontab`, half `timedelta`. */
export function declare(entries: number): object {
  const schedule = (i: number) =>
    i % 2 ? { timedelta: { minutes: 5 + (i % 50) } } : { crontab: { minute: i % 60, hour: i % 24 } };
  const beatSchedule = Object.fromEntries(
    Array.from({ length: entries }, (_, i) => [
      `report-${i}`,
      { task: 'reports.build', schedule: schedule(i), args: [i, 'daily'], kwargs: { tenant: `t-${i}` } },
    ]),
  );
  return { beatSchedule };
}
