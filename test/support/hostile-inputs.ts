import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Redis } from 'ioredis';

/** What hostile inputs are sent to: one instance, and the store of its cluster. */
export interface HostileTarget {
  /** The base URL of the instance's HTTP. */
  readonly url: string;
  /** Appends texts to the command log, as every program may that can write to the store. */
  readonly append: (texts: readonly string[]) => Promise<void>;
  /** The Redis with results, task events and records; `null` for another store. */
  readonly redis: Redis | null;
  /** The ids of the tasks that were published last. */
  readonly taskIds: () => Promise<readonly string[]>;
  /** The share of a flood that is sent, from 0 to 1. */
  readonly share: number;
}

/** Something from outside that must not delay a run. */
export interface HostileInput {
  readonly what: string;
  /** Sends it, and removes what it left in the store. Resolves also if the server rejects it or closes the connection. */
  readonly send: (target: HostileTarget) => Promise<void>;
}

/** The change token of instances that hostile inputs are sent to; reading needs none. */
export const HOSTILE_TOKEN = 'token-of-hostile-inputs';

const MEGABYTE = 1_000_000;
/** 200 kilometres from the pole, where a solar event takes long to find. */
const POLAR = { solar: { event: 'sunset', latitude: 89.9, longitude: 20 } };
const POLAR_ENTRY = 'hostile polar';
const LONG_AGO = '1900-01-01T00:00:00Z';
/** All seconds of a year: 31 million instants, of which one is chosen. */
const EVERY_SECOND = `FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=${count(24)};BYMINUTE=${count(60)};BYSECOND=${count(60)};BYSETPOS=-1`;

/** Requests, results, events, commands and records of which each once delayed the runs of a leader. */
export const HOSTILE_INPUTS = {
  login: {
    what: '3 × POST /login with 1 MB',
    send: async ({ url }) => {
      const body = 'a&'.repeat(MEGABYTE / 2);
      await Promise.all(times(3, () => post(`${url}/login`, body)));
    },
  },
  result: {
    what: 'results in msgpack that claim 33 million elements',
    send: async ({ redis, taskIds }) => {
      const claim = Buffer.from('dd01ffffff', 'hex');
      const nested = Buffer.concat(times(40, () => claim));
      for (const id of await taskIds()) await redis?.set(`celery-task-meta-${id}`, nested);
    },
  },
  next: {
    what: 'GET /next?count=1000 near the pole',
    send: async ({ url, append }) => {
      await append([addCommand({ [POLAR_ENTRY]: { task: 'tasks.none', schedule: POLAR } })]);
      const path = `/api/entries/${encodeURIComponent(POLAR_ENTRY)}/next?count=1000`;
      for (let left = 40; (await get(url + path)) === 404 && left > 0; left--) await pause(50);
    },
  },
  rule: {
    what: 'an rrule with BYSETPOS over 31 million times',
    send: async ({ append }) => {
      await append([addCommand({ hostile: { task: 't', schedule: { rrule: EVERY_SECOND } } })]);
    },
  },
  backfill: {
    what: 'a backfill from 1900 of an entry near the pole',
    send: async ({ append }) => {
      await append([
        addCommand({ [POLAR_ENTRY]: { task: 'tasks.none', schedule: POLAR } }),
        command({ do: 'backfill', entry: POLAR_ENTRY, from: LONG_AGO, to: '2020-01-01T00:00:00Z' }),
      ]);
    },
  },
  backfills: {
    what: 'backfills of 10,000 runs, one of them of 100 kB each',
    send: async ({ append, share }) => {
      const large = { task: 'tasks.none', schedule: { cron: '0 * * * *' }, args: ['x'.repeat(100_000)] };
      const from = (entry: string, seconds: number) => {
        const [start, end] = [Date.now() - 10_000 * share * seconds * 1_000, Date.now() - 1_000];
        const [first, last] = [start, end].map((at) => new Date(at).toISOString());
        return command({ do: 'backfill', entry, from: first, to: last });
      };
      await append([addCommand({ large }), from('tick', 1), from('large', 3_600)]);
    },
  },
  commands: {
    what: '60,000 commands',
    send: async ({ append, share }) => {
      const flood = times(60_000 * share, (i) => `{"id":"hostile ${i}","do":"run","entry":"no such"}`);
      await append(flood);
    },
  },
  streams: {
    what: '500 × GET /api/events',
    send: ({ url, share }) => holdOpen(url, 500 * share, 'GET /api/events HTTP/1.1\r\nHost: a\r\n\r\n'),
  },
  idle: { what: '500 idle connections', send: ({ url, share }) => holdOpen(url, 500 * share, 'GET / HTTP/1.1\r\n') },
  oversized: {
    what: '4 commands of 16 MB',
    send: ({ append, share }) => {
      const length = Math.max(2, 16 * share) * MEGABYTE;
      return append(times(4, (i) => `{"id":"${i}","do":"${'x'.repeat(length)}"}`));
    },
  },
  fields: {
    what: 'commands and a definition with 45,000 unknown fields',
    send: async ({ append }) => {
      const fields = Object.fromEntries(times(45_000, (i) => [`entri${i}`, i]));
      await append([
        command({ do: 'run', entry: 'tick', ...fields }),
        addCommand({ hostile: { task: 't', schedule: 60, ...fields } }),
        addCommand({ hostile: { task: 't', schedule: { crontab: fields } } }),
        `{"do":${'['.repeat(400_000)}${']'.repeat(400_000)}}`,
      ]);
    },
  },
  entries: {
    what: 'an add of 1,000 entries near the pole',
    send: async ({ append }) => {
      const definitions = times(999, (i): [string, object] => {
        const solar = { ...POLAR.solar, latitude: 89 + i / 1_000 };
        return [`hostile ${i}`, { task: 't', schedule: { solar } }];
      });
      // The last one is invalid, so that none of them is added.
      await append([addCommand({ ...Object.fromEntries(definitions), last: { task: 't' } })]);
    },
  },
  definitions: {
    what: 'adds of a chain of ten groups, of 200,000 parts of a field, and of 60,000 templates',
    send: async ({ append }) => {
      const entry = { task: 't', schedule: 60 };
      const groups = times(10, () => ({ group: ['a', 'b', 'c'] }));
      await append([
        addCommand({ hostile: { ...entry, task: { chain: groups } } }),
        addCommand({ hostile: { ...entry, schedule: { crontab: { minute: '1,'.repeat(200_000) } } } }),
        addCommand({ hostile: { ...entry, args: times(60_000, () => '{{dueAt}}') } }),
      ]);
    },
  },
  event: {
    what: 'a message of task events of 5 MB',
    send: async ({ redis }) => {
      const events = times(25_000, (i) => ({ type: 'task-succeeded', uuid: `${i}`, result: 'x'.repeat(100) }));
      const body = Buffer.from(JSON.stringify(events)).toString('base64');
      const properties = { body_encoding: 'base64', delivery_tag: 'x', delivery_info: {} };
      const envelope = { body, 'content-encoding': 'utf-8', 'content-type': 'application/json' };
      const message = JSON.stringify({ ...envelope, headers: {}, properties });
      await redis?.publish('/0.celeryev/task.multi', message);
    },
  },
  records: {
    what: 'records that cannot be read',
    send: async ({ redis, url }) => {
      if (!redis) return;
      const junk = JSON.stringify({ id: 'hostile', at: 1e300, startedAt: 1e300, status: '\ud800' });
      await redis.hset('beat:instances', 'hostile', `${Date.now()} ${junk}`);
      await redis.hset('beat:audit', 'hostile', junk);
      await redis.lpush('beat:audit:order', 'hostile');
      await redis.zadd('beat:order', 0, 'x');
      for (const path of ['/', '/audit', '/instances', '/api/status']) await get(url + path);
      await redis.hdel('beat:instances', 'hostile');
      await redis.hdel('beat:audit', 'hostile');
      await redis.lrem('beat:audit:order', 0, 'hostile');
      await redis.zrem('beat:order', 'x');
    },
  },
} as const satisfies Readonly<Record<string, HostileInput>>;

function times<T>(length: number, make: (i: number) => T): T[] {
  return Array.from({ length: Math.ceil(length) }, (_, i) => make(i));
}

/** `0,1,2` for 3. */
function count(end: number): string {
  return Array.from({ length: end }, (_, i) => i).join(',');
}

let lastId = 0;

function command(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ id: `hostile ${process.pid} ${(lastId += 1)}`, by: 'hostile', ...fields });
}

function addCommand(entries: Readonly<Record<string, object>>): string {
  return command({ do: 'add', entries });
}

/** Resolves with the status of the response; with 0 if there was none. */
async function get(url: string): Promise<number> {
  return fetch(url, { signal: AbortSignal.timeout(60_000) }).then(
    async (response) => (await response.arrayBuffer(), response.status),
    () => 0,
  );
}

function post(url: string, body: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    const sent = request(url, { method: 'POST', headers, timeout: 60_000 }, (response) => {
      response.resume().on('close', resolve);
    });
    sent.on('error', () => resolve()).on('timeout', () => sent.destroy());
    sent.end(body);
  });
}

/** Opens connections, sends the same on each, and closes them after three seconds. */
async function holdOpen(url: string, connections: number, head: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const sockets = times(connections, (): Socket => {
    const socket = connect(Number(port), hostname);
    return socket.on('error', () => {}).on('connect', () => socket.resume().write(head));
  });
  await pause(3_000);
  for (const socket of sockets) socket.destroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
