import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../test/support/child.ts';
import { Journal } from '../test/support/journal.ts';
import { RedisServer } from '../test/support/redis.ts';
import { pythonFor } from './celery.ts';
import { count, spread, summarize } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

const COMMAND = resolve(import.meta.dirname, '../dist/cli/beat.js');
const WANTED_HANDOVER = 100;
const SECOND = 1_000;

/** A scheduler of which two processes run, one as leader, and how its output shows who leads. */
interface Pair {
  readonly what: string;
  readonly command: (folder: string, url: string, ttl: number) => [string, string[]];
  readonly leads: string;
  readonly follows: string;
}

const BEAT = {
  command: (folder: string): [string, string[]] => [
    process.execPath,
    [COMMAND, 'start', '-c', join(folder, 'beat.config.json'), '--log-format', 'json'],
  ],
  leads: '"event":"leading"',
  follows: '"event":"following"',
};

/** RedBeat's lock lives five of its longest pauses, as by default; it is looked for once in each. */
const REDBEAT = (python: string): Pair => ({
  what: 'RedBeat on Redis',
  command: (folder, url, ttl) => {
    const settings = [
      `broker_url = redbeat_redis_url = ${JSON.stringify(url)}`,
      `redbeat_lock_timeout = ${ttl}`,
      `beat_max_loop_interval = ${ttl / 5}`,
      `beat_scheduler = 'redbeat.RedBeatScheduler'`,
    ];
    writeFileSync(join(folder, 'celeryconfig.py'), settings.join('\n'));
    const path = python.includes('/') ? resolve(python) : python;
    return [path, ['-B', '-m', 'celery', '--workdir', folder, 'beat', '-l', 'debug', '--pidfile=']];
  },
  leads: 'Acquired lock',
  follows: 'Acquiring lock',
});

/**
 * From the end of a leader, by SIGTERM or SIGKILL, until another leads: two processes each time, as
 * they are run, with the same time to live of the lock for all.
 */
export const takeover: Bench = async ({ quick }) => {
  const rounds = quick ? 2 : 7;
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  await using server = await RedisServer.start();
  const python = pythonFor(['celery', 'redis', 'redbeat']);
  const pairs: [Pair, string][] = [
    [{ what: 'beat on Redis', ...BEAT }, server.url()],
    [{ what: 'beat on SQLite', ...BEAT }, `sqla+sqlite:///${folder}/beat.sqlite`],
    ...(python === undefined ? [] : [[REDBEAT(python), server.url()] as [Pair, string]]),
  ];
  const rows: Row[] = [];
  try {
    for (const ttl of [8, 1]) {
      for (const end of ['stop', 'kill'] as const) {
        for (const [pair, url] of pairs) {
          const taken: number[] = [];
          for (let i = 0; i < rounds; i++) taken.push(await round(pair, folder, url, ttl, end));
          rows.push(makeRow(pair.what, ttl, end, taken));
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
};

/** Milliseconds. */
async function round(pair: Pair, folder: string, url: string, ttl: number, end: 'stop' | 'kill'): Promise<number> {
  const greet = { task: 'tasks.greet', schedule: 0.2 };
  const config = { brokerUrl: url, lock: { ttl }, beatSchedule: { greet } };
  writeFileSync(join(folder, 'beat.config.json'), JSON.stringify(config));
  const start = (): [Child, Journal<string>] => {
    const said = new Journal<string>();
    const lines = { 1: (line: string) => said.add(line), 2: (line: string) => said.add(line) };
    const [command, args] = pair.command(folder, url, ttl);
    return [new Child(command, args, { cwd: folder, lines }), said];
  };
  const [leader, leaderSaid] = start();
  await using _leader = leader;
  await leaderSaid.first('the lead', (line) => line.includes(pair.leads));
  const [follower, followerSaid] = start();
  await using _follower = follower;
  await followerSaid.first('a follower', (line) => line.includes(pair.follows));
  // At a random time of the renewal interval.
  await delay(SECOND + Math.random() * ttl * SECOND);
  const ended = performance.now();
  const leads = followerSaid.first('another lead', (line) => line.includes(pair.leads)).then(() => performance.now());
  if (end === 'kill') void leader.kill();
  else void leader.stop();
  const taken = (await leads) - ended;
  await follower.stop();
  return taken;
}

function makeRow(what: string, ttl: number, end: 'stop' | 'kill', taken: readonly number[]): Row {
  const ms = (value: number) => `${count(value)} ms`;
  const summary = summarize(taken);
  const how = end === 'stop' ? 'leader stopped' : 'leader killed';
  const wanted = end === 'stop' ? WANTED_HANDOVER : (ttl + 1) * SECOND;
  const value = end === 'stop' ? summary.median : summary.most;
  return {
    bench: 'takeover',
    what: `${what}, ${how}, lock of ${ttl} s`,
    figure: ms(summary.median),
    behind: spread(summary, ms),
    ...(what.startsWith('beat') && { wanted: atMost(wanted, value, ms) }),
  };
}
