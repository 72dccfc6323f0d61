import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../src/broker/envelope.ts';
import { compose } from '../../src/compose/compose.ts';
import type { BeatConfig } from '../../src/config/config-types.ts';
import { readJson } from '../../src/config/source/json.ts';
import { LiveSettings } from '../../src/config/live-settings.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { runBeat } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';

const PROJECTS = join(import.meta.dirname, '../fixtures/celery-projects');
const CELERY_SENDS = join(import.meta.dirname, '../support/celery_sends.py');

/** The apps, and of each the entries that the import lists; the messages of all others must be equal. */
const APPS: Readonly<Record<string, readonly string[]>> = {
  arguments: ['bytes', 'expires-timedelta', 'nan', 'opaque', 'set'],
  hooks: ['audited', 'plain', 'single'],
  namespace: [],
  old_app: [],
  patched: ['traced'],
  periodic: ['chain', 'chord', 'group'],
  queues: [],
  queues_map: ['unknown'],
  routes_dict: ['slow'],
  routes_function: [],
  routes_list: [],
  schedules: ['business', 'lazy', 'nowfun', 'offset', 'zero'],
  shop: [],
  task_options: [],
  zones: [],
};

/** Listed with Debian's Celery alone, whose kombu cannot write bytes, or with the newest alone, which loses headers of routes. */
const ONLY_OLD = ['bytes'];
const ONLY_NEW = ['slow'];

interface Published {
  readonly message: Envelope;
  readonly exchange: string;
  readonly routing_key: string;
}

interface Envelope {
  readonly body: string;
  readonly 'content-type': string;
  readonly 'content-encoding': string;
  readonly headers: Record<string, unknown>;
  readonly properties: Record<string, unknown>;
}

interface Sent {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly published: readonly Published[];
}

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  const { python = '', version = '' } = findCelery(celery) ?? {};

  describe.skipIf(missing)(missing || `import celery: with Celery ${version}`, () => {
    test.each(Object.entries(APPS))(
      'publishes the messages of Celery for the app %s, except for listed entries',
      async (app, listed) => {
        using folder = new Folder();
        const { config, stderr } = await importApp(app, python, folder);
        const told = [...new Set(namesIn(stderr))].sort();
        const others = version.startsWith('5.2') ? ONLY_NEW : ONLY_OLD;
        expect(told).toEqual(listed.filter((name) => !others.includes(name)));
        const byCelery = await recordCelery(app, python);
        const same = Object.keys(byCelery).filter((name) => !told.includes(name));
        const sent = Object.fromEntries(same.map((name) => [name, byCelery[name]!]));
        const fromCelery = Object.entries(sent).map(
          ([name, { at, published }]) =>
            [name, simplify(published[0]!, at, expect.any(Boolean))] as const,
        );
        expect(composeAll(config, sent)).toEqual(Object.fromEntries(fromCelery));
      },
    );
  });
}

async function importApp(
  app: string,
  python: string,
  folder: Folder,
): Promise<{ config: BeatConfig; stderr: string }> {
  const output = join(folder.path, 'beat.config.json');
  const args = ['import', 'celery', '-A', app, '--python', python, '-o', output, '--partial'];
  const { code, stderr } = await runBeat(args, { cwd: PROJECTS });
  expect({ code, stderr }).toEqual({ code: 0, stderr });
  const { config } = readJson(readFileSync(output, 'utf8'), output);
  return { config: config as BeatConfig, stderr };
}

/** The entries that lines such as `entries a, b: different: …` name. */
function namesIn(stderr: string): string[] {
  return [...stderr.matchAll(/^entr(?:y|ies) (.+?): (?:not imported|different|note):/gm)].flatMap(
    ([, names]) => names!.split(', '),
  );
}

function recordCelery(app: string, python: string): Promise<Record<string, Sent>> {
  const { stdout, stderr } = spawnSync(python, [CELERY_SENDS, app], {
    cwd: PROJECTS,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return Promise.resolve(JSON.parse(stdout) as Record<string, Sent>);
}

/** What beat publishes for the entries at the same instants. */
function composeAll(
  config: BeatConfig,
  sent: Readonly<Record<string, Sent>>,
): Record<string, unknown> {
  const settings = resolveSettings(config);
  const { messageContext } = new LiveSettings(settings, { origin: 'beat', replyTo: 'beat' });
  return Object.fromEntries(
    Object.entries(sent).map(([name, { at }]) => {
      const entry = settings.entries.find((each) => each.name === name)!;
      const [message] = compose({ entry, dueAt: at }, at, messageContext).messages;
      const envelope = JSON.parse(encodeEnvelope(message!, 'tag')) as Envelope;
      const { exchange, routingKey } = message!.destination;
      const body = Buffer.from(envelope.body, 'base64');
      const text = envelope.headers['compression'] ? body.toString('base64') : body.toString();
      const published = { message: { ...envelope, body: text }, exchange, routing_key: routingKey };
      return [name, simplify(published, at, false)];
    }),
  );
}

/** Ids, and what only one of the two writes. */
const UNLIKE = [
  ...['id', 'root_id', 'correlation_id', 'delivery_tag', 'origin', 'lang', 'reply_to'],
  ...['celery_beat_task', 'periodic_task_name', 'beat_due_at', 'argsrepr', 'kwargsrepr'],
  ...['delivery_info', 'body_encoding'],
];

function without(map: Readonly<Record<string, unknown>>, names: readonly string[]) {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}

/** Without ids and what only one of the two writes; relative times as such. */
function simplify(
  { message, exchange, routing_key: key }: Published,
  at: number,
  undecided: unknown,
): unknown {
  const shared = without(message.headers, UNLIKE);
  const properties = without(message.properties, UNLIKE);
  const body = shared['compression']
    ? inflateSync(Buffer.from(message.body, 'base64')).toString()
    : message.body;
  return {
    ...{ exchange, key, body: JSON.parse(body) as unknown },
    type: [message['content-type'], message['content-encoding']],
    headers: {
      ...shared,
      eta: relative(shared['eta'], at),
      expires: relative(shared['expires'], at),
      // Without a value the task's own setting counts, which by default is that of the app.
      ignore_result: shared['ignore_result'] ?? undecided,
      // Older versions do not have these.
      replaced_task_nesting: shared['replaced_task_nesting'] ?? 0,
      stamped_headers: shared['stamped_headers'] ?? null,
      stamps: shared['stamps'] ?? {},
    },
    properties: {
      ...properties,
      // Kept for absolute instants too, which change with the time of sending.
      expiration:
        properties['expiration'] === undefined ? null : round(Number(properties['expiration'])),
    },
  };
}

function relative(instant: unknown, at: number): number | null {
  if (typeof instant !== 'string') return null;
  return round(Date.parse(/[+-]\d\d:\d\d$/.test(instant) ? instant : `${instant}Z`) - at);
}

/** Celery reads the clock some milliseconds after the record of the instant. */
function round(ms: number): number {
  return Math.floor((ms + 500) / 2_000);
}
