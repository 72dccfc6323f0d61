import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { RedisServer } from '../support/redis.ts';

const PROJECTS = join(import.meta.dirname, '../fixtures/celery-projects');

interface Move {
  /** The command of `beat import`, and the app. */
  readonly command: 'django' | 'redbeat';
  readonly app: string;
  readonly scheduler: string;
  /** The entries that are due, by name. */
  readonly due: readonly string[];
  /** The environment of the old scheduler, and that of the import, whose stores are equal. */
  readonly stores: readonly [Env, Env];
  /** The lines of the import. */
  readonly stderr: string;
}

type Env = Readonly<Record<string, string>>;

const withoutDjango = requireCelery(NEWEST, 'django', 'django_celery_beat');
test.skipIf(withoutDjango)(
  withoutDjango || 'beat import django -A: beat publishes the messages that django-celery-beat published',
  async () => {
    await using redis = await RedisServer.start();
    using folder = new Folder();
    const [theirs, ours] = ['theirs', 'ours'].map((name) => join(folder.path, `${name}.sqlite3`));
    fill('moving_django.py', { SITE_DATABASE: theirs! });
    copyFileSync(theirs!, ours!);
    const { later, ...messages } = await move(redis, folder, {
      command: 'django',
      app: 'moving_django',
      stderr: '',
      scheduler: 'django_celery_beat.schedulers:DatabaseScheduler',
      due: [...['plain', 'declared', 'columns', 'routed', 'glob', 'tokyo', 'clocked', 'once', 'ends'], 'started'],
      stores: [{ SITE_DATABASE: theirs! }, { SITE_DATABASE: ours! }],
    });
    expect(later).toBeUndefined();
    expect(messages['declared']).toMatchObject({ queue: expect.stringMatching(/^reports/) as string });
    expect(messages['routed']).toMatchObject({ queue: expect.stringMatching(/^slow/) as string });
    expect(messages['ends']).toMatchObject({ headers: { expires: Date.UTC(2100, 0, 1) } });
  },
);

const withoutRedBeat = requireCelery(NEWEST, 'redbeat');
test.skipIf(withoutRedBeat)(
  withoutRedBeat || 'beat import redbeat -A: beat publishes the messages that RedBeat published',
  async () => {
    await using redis = await RedisServer.start();
    using folder = new Folder();
    const [theirs, ours] = [redis.url(3), redis.url(4)].map((url) => ({ REDBEAT_URL: url }));
    const stores = [theirs!, ours!] as const;
    for (const store of stores) fill('moving_redbeat.py', store);
    const messages = await move(redis, folder, {
      command: 'redbeat',
      app: 'moving_redbeat',
      stores,
      stderr: 'entry static: note: it has never run, so RedBeat would run it at once; beat counts from its first start',
      scheduler: 'redbeat.RedBeatScheduler',
      due: ['plain', 'declared', 'columns', 'routed', 'glob', 'oslo', 'rule', 'static'],
    });
    expect(messages['columns']).toMatchObject({ queue: expect.stringMatching(/^own/) as string });
    expect(messages['rule']).toMatchObject({ queue: expect.stringMatching(/^slow/) as string });
  },
);

function fill(script: string, env: Env): void {
  const { status, stderr } = spawnSync(findCelery(NEWEST)!.python, ['-B', script], {
    cwd: PROJECTS,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
}

/** Runs the old scheduler, then beat with the imported file, and returns their messages, which must be equal. */
async function move(redis: RedisServer, folder: Folder, options: Move): Promise<Messages> {
  const { command, app, due, stores, stderr } = options;
  const [theirs, ours] = stores.map((store, db) => ({ ...store, CELERY_BROKER_URL: redis.url(db) }));
  const { python } = findCelery(NEWEST)!;
  await runCelery(python, options, theirs!);
  const output = join(folder.path, 'beat.config.yaml');
  const imported = await callBeat(['import', command, '-A', app, '--python', python, '--last-runs', '-o', output], {
    cwd: PROJECTS,
    env: ours!,
  });
  expect(imported).toMatchObject({ code: 0, stderr, stdout: '' });
  await using beat = new BeatProcess({ cwd: folder.path });
  await beat.log.until('a run of each entry', () => {
    const sent = new Set(beat.sent.map(({ entry }) => entry));
    return due.every((name) => sent.has(name)) || undefined;
  });
  await beat.stop();
  const [byCelery, byBeat] = [await readMessages(redis.url(0)), await readMessages(redis.url(1))];
  expect(Object.keys(byCelery).sort()).toEqual([...due].sort());
  expect(byBeat).toEqual(byCelery);
  return byBeat;
}

/** Runs `celery beat` until it has published a message of each entry that is due. */
async function runCelery(python: string, { app, scheduler, due }: Move, env: Env): Promise<void> {
  const log = new Journal<string>();
  const args = ['-m', 'celery', '-A', app, 'beat', '-S', scheduler, '-l', 'debug', '--pidfile='];
  const add = (line: string) => log.add(line);
  await using celery = new Child(python, ['-B', ...args, '--max-interval', '1'], {
    cwd: PROJECTS,
    env,
    lines: { 1: add, 2: add },
  });
  void celery.exited.then(() => log.end('celery beat ended'));
  await log.until('a message of each entry', (lines) => {
    const sending = due.map((name) => lines.findIndex((line) => line.includes(`task ${name} (`)));
    const sent = lines.findLastIndex((line) => line.includes(' sent. id->'));
    return sending.every((index) => index !== -1 && index < sent) || undefined;
  });
}

/** The first message of each entry, by its name. */
type Messages = Readonly<Record<string, ReturnType<typeof simplify>>>;

/** Each entry has its name in an argument. */
type Body = readonly [unknown, { readonly entry: string }, unknown];

interface Envelope {
  readonly body: string;
  readonly 'content-type': string;
  readonly 'content-encoding': string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

async function readMessages(url: string): Promise<Messages> {
  const client = new Redis(url);
  try {
    const messages: Record<string, ReturnType<typeof simplify>> = {};
    for (const queue of await client.keys('*')) {
      if (queue.startsWith('beat:') || (await client.type(queue)) !== 'list') continue;
      // Newest first: the oldest overwrites the others.
      for (const text of await client.lrange(queue, 0, -1)) {
        const message = simplify(queue, JSON.parse(text) as Envelope);
        messages[message.body[1].entry] = message;
      }
    }
    return messages;
  } finally {
    client.disconnect();
  }
}

/** Differ for each message, or are only for logs. */
const UNLIKE = [
  ...['id', 'root_id', 'correlation_id', 'delivery_tag', 'origin', 'lang', 'reply_to'],
  ...['celery_beat_task', 'periodic_task_name', 'beat_due_at', 'argsrepr', 'kwargsrepr'],
];

/** Without ids; what expires some time after publishing has its duration in minutes. */
function simplify(queue: string, { body, headers, properties, ...type }: Envelope) {
  const bytes = Buffer.from(body, 'base64');
  const text = headers['compression'] === undefined ? bytes : inflateSync(bytes);
  const expires = headers['expires'] === null ? null : Date.parse(headers['expires'] as string);
  const isAbsolute = expires !== null && expires > Date.UTC(2099);
  const { expiration } = properties;
  return {
    queue,
    type,
    body: JSON.parse(text.toString()) as Body,
    headers: {
      ...without(headers),
      expires: isAbsolute ? expires : null,
      // Without a value the setting of the task counts.
      ignore_result: headers['ignore_result'] ?? false,
    },
    properties: {
      ...without(properties),
      expiration: isAbsolute || expiration === undefined ? null : Math.round(Number(expiration) / 60_000),
    },
  };
}

function without(map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !UNLIKE.includes(name)));
}
