import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState } from '../src/drivers/open-store.ts';
import { storeOptions } from '../test/contract/test-store.ts';
import { freePort, RedisServer } from '../test/support/redis.ts';
import { Command } from './command.ts';
import { declare } from './start.ts';
import { count, percentile, spread, summarize } from './stats.ts';
import { addStored } from './stored-entries.ts';
import { atMost, type Bench, type Row } from './table.ts';

const TOKEN = 'token-of-the-bench-of-live-operation';
const ROUNDS = 21;
const COMMANDS = 101;
/** Milliseconds. */
const WANTED = { page: 200, metrics: 50, command: 100 };

/** Operating a beat with many entries in the files and more in the store: pages, metrics, commands and memory. */
export const live: Bench = async ({ quick }) => {
  const declared = quick ? 10_000 : 100_000;
  const stored = quick ? 10_000 : 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  const config = join(folder, 'beat.config.json');
  const port = await freePort();
  const http = { port, changeToken: TOKEN };
  writeFileSync(config, JSON.stringify({ ...declare(declared), http, metrics: { perEntry: 1_000 } }));
  await using server = await RedisServer.start();
  try {
    const few = await operate(config, server, port, quick ? 1 : 5);
    const store = await openState(storeOptions(server.url()));
    await addStored(store, stored);
    await store.close();
    const many = await operate(config, server, port, quick ? 1 : 3);
    const what = `${count(declared)} entries`;
    return [...makeRows(what, few), ...makeRows(`${what} and ${count(stored)} stored`, many)];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

type Figures = Record<'first' | 'page' | 'metrics' | 'acted' | 'answered' | 'memory', number[]>;

/** Measures as many instances, one after another; times in milliseconds, memory in megabytes. */
async function operate(config: string, server: RedisServer, port: number, instances: number): Promise<Figures> {
  const figures: Figures = { first: [], page: [], metrics: [], acted: [], answered: [], memory: [] };
  for (let i = 0; i < instances; i++) {
    const command = await Command.start(config, server.url());
    const origin = `http://127.0.0.1:${port}`;
    figures.first.push(await timed(() => get(`${origin}/`)));
    for (let round = 0; round < ROUNDS; round++) {
      figures.page.push(await timed(() => get(`${origin}/`)));
      figures.metrics.push(await timed(() => get(`${origin}/metrics`)));
    }
    for (let round = 0; round < COMMANDS; round++) {
      const body = { do: round % 2 === 0 ? 'pause' : 'resume', entry: 'report-7' };
      let row: { at: string; answeredAt: string } | undefined;
      const whole = await timed(async () => (row = await post(`${origin}/api/commands`, body)));
      figures.answered.push(whole);
      figures.acted.push(Date.parse(row!.answeredAt) - Date.parse(row!.at));
    }
    figures.memory.push(command.usage()?.now ?? NaN);
    await command.stop();
  }
  return figures;
}

function makeRows(what: string, figures: Figures): Row[] {
  const row = (name: string, values: readonly number[], wanted?: number): Row => {
    const summary = summarize(values);
    const show = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
    return {
      bench: 'live',
      what: `${what}: ${name}`,
      figure: show(summary.median),
      behind: spread(summary, show),
      ...(wanted !== undefined && { wanted: atMost(wanted, summary.median, show) }),
    };
  };
  return [
    row('first page just after the start', figures.first, WANTED.page),
    row('first page', figures.page, WANTED.page),
    row('/metrics', figures.metrics, WANTED.metrics),
    row('a command acts', figures.acted, WANTED.command),
    row('a command is answered over HTTP', figures.answered),
    { bench: 'live', what: `${what}: resident memory`, figure: `${count(percentile(figures.memory, 50))} MB` },
  ];
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

async function get(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await response.text();
}

async function post<T>(url: string, body: object): Promise<T> {
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
