import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../test/support/child.ts';
import { Folder } from '../test/support/folder.ts';
import { Journal } from '../test/support/journal.ts';
import { RedisServer } from '../test/support/redis.ts';
import { pythonFor } from './celery.ts';
import { count, spread, summarize } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

const COMMAND = resolve(import.meta.dirname, '../dist/cli/beat.js');
const WANTED_HANDOVER = 100;
const SECOND = 1_000;
const SQLITE = 'beat on SQLite';

/** A scheduler of which two processes run, one as leader, and how its output shows who leads. */
interface Pair {
  readonly what: string;
  readonly command: (folder: string, url: string, ttl: number) => [string, string[]];
  readonly leads: string;
  readonly follows: string;
}

interface Contender {
  readonly pair: Pair;
  readonly folder: string;
  readonly url: string;
}

interface Running {
  readonly child: Child;
  readonly said: Journal<string>;
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

/** Part of a lock's time to live: an instance renews or looks at its lock at least this often. */
const RENEWAL = 1 / 3;

/**
 * From the end of a leader, by SIGTERM or SIGKILL, until another leads: two processes each time, as
 * they are run, with the same time to live of the lock for all. The pairs wait for their locks at the same time.
 */
export const takeover: Bench = async ({ quick }) => {
  const rounds = quick ? 2 : 7;
  using folders = new DisposableStack();
  await using server = await RedisServer.start();
  const python = pythonFor(['celery', 'redis', 'redbeat']);
  const pairs: Pair[] = [
    { what: 'beat on Redis', ...BEAT },
    { what: SQLITE, ...BEAT },
  ];
  if (python !== undefined) pairs.push(REDBEAT(python));
  const contenders = pairs.map((pair, i): Contender => {
    const folder = folders.use(new Folder()).path;
    return { pair, folder, url: pair.what === SQLITE ? `sqla+sqlite:///${folder}/beat.sqlite` : server.url(i) };
  });
  const rows: Row[] = [];
  for (const ttl of [8, 1]) {
    for (const end of ['stop', 'kill'] as const) {
      const taken = contenders.map((): number[] => []);
      for (let i = 0; i < rounds; i++) {
        for (const [k, ms] of (await round(contenders, ttl, end)).entries()) taken[k]!.push(ms);
      }
      rows.push(...contenders.map(({ pair }, k) => makeRow(pair.what, ttl, end, taken[k]!)));
    }
  }
  return rows;
};

/** Milliseconds for each contender. */
async function round(contenders: readonly Contender[], ttl: number, end: 'stop' | 'kill'): Promise<number[]> {
  await using children = new AsyncDisposableStack();
  const start = async ({ pair, folder, url }: Contender, role: 'leads' | 'follows'): Promise<Running> => {
    const said = new Journal<string>();
    const lines = { 1: (line: string) => said.add(line), 2: (line: string) => said.add(line) };
    const [command, args] = pair.command(folder, url, ttl);
    const child = children.use(new Child(command, args, { cwd: folder, lines }));
    await said.first(role, (line) => line.includes(pair[role]));
    return { child, said };
  };
  for (const { folder, url } of contenders) {
    const greet = { task: 'tasks.greet', schedule: 0.2 };
    const config = { brokerUrl: url, lock: { ttl }, beatSchedule: { greet } };
    writeFileSync(join(folder, 'beat.config.json'), JSON.stringify(config));
  }
  const leaders = await Promise.all(contenders.map((each) => start(each, 'leads')));
  const followers = await Promise.all(contenders.map((each) => start(each, 'follows')));
  const taken = await Promise.all(
    contenders.map(async ({ pair }, i) => {
      // At a random time between two renewals, the same for none of them.
      await delay(SECOND + Math.random() * ttl * RENEWAL * SECOND);
      const { child: leader } = leaders[i]!;
      const ended = performance.now();
      const leads = followers[i]!.said.first('another lead', (line) => line.includes(pair.leads));
      if (end === 'kill') void leader.kill();
      else void leader.stop();
      await leads;
      return performance.now() - ended;
    }),
  );
  await Promise.all(followers.map(({ child }) => child.stop()));
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
