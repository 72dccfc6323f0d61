import { expect, test } from 'vitest';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { LiveSettings } from '../../../../src/leader/reload/live-settings.ts';
import type { Settings } from '../../../../src/config/settings.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { StoredEntries } from '../../../../src/contracts/store/stored-entries.ts';
import { lazy } from '../../../../src/celery/message/lazy.ts';
import { toQueue } from '../../../../src/celery/message/destination.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

/** Puts settings into force, and returns how their entries differ. */
function replaceSettings(current: LiveSettings, settings: Settings) {
  const entries = runAtOnce(current.catalog.compare(settings.entries));
  current.replace(settings, entries);
  return entries.difference;
}

const resolve = (config: BeatConfig) => resolveSettings({ brokerUrl: 'memory://', resultExpires: null, ...config });
const live = (config: BeatConfig) => new LiveSettings(resolve(config), { origin: 'here', replyTo: 'reply' });

test('live settings: a replacement reaches objects that were created before', async () => {
  const current = live({ beatSchedule: { a: { task: 'a', schedule: 10 } } });
  const { catalog, queues, findPolicies } = current;
  const next = resolve({
    beatSchedule: { b: { task: 'b', schedule: 10, missed: 'all', maxCatchUp: 7 } },
    taskQueues: { web: { exchange: 'web', exchangeType: 'topic', routingKey: 'web.#' } },
    taskDefaultQueue: 'web',
    taskCreateMissingQueues: false,
  });
  expect(replaceSettings(current, next)).toMatchObject({ added: ['b'], changed: [], removed: ['a'] });
  expect(current.settings).toBe(next);
  expect([...catalog.names]).toEqual(['b']);
  expect(queues.find('web')?.bindings).toMatchObject([{ exchange: { type: 'topic' } }]);
  expect(queues.queuesFor(toQueue('other'))).toEqual([]);
  const policies = await findPolicies(['a', 'b'], undefined);
  expect(policies.get('b')).toMatchObject({ missed: 'all', maxCatchUp: 7 });
  expect(policies.has('a')).toBe(false);
});

test('live settings: the catch-up policy of a stored entry is read from its store', async () => {
  const { findPolicies } = live({ beatSchedule: { a: { task: 'a', schedule: 10 } } });
  const rows = ['a', 'b', 'damaged'].map((entry) => ({
    entry,
    definition: entry === 'damaged' ? '{' : '{"task":"b","schedule":10,"missed":"skip"}',
    state: null,
    dueAt: null,
  }));
  const asked: string[] = [];
  const stored: StoredEntries = {
    find: async (names) => {
      asked.push(...names);
      return rows.filter(({ entry }) => names.includes(entry));
    },
    page: async () => [],
  };
  const policies = await findPolicies(['a', 'b', 'damaged', 'gone'], stored);
  expect(asked).toEqual(['b', 'damaged', 'gone']);
  expect([...policies.keys()]).toEqual(['a', 'b']);
  expect(policies.get('a')).toMatchObject({ missed: 'once' });
  expect(policies.get('b')).toMatchObject({ missed: 'skip' });
});

test('live settings: entries with templates change with their texts and their zone alone', () => {
  const entry = (text: string, timezone = 'UTC'): BeatConfig => ({
    beatSchedule: {
      a: { task: 'a', schedule: 10, args: [text], options: { headers: { x: text } }, timezone },
      chain: { task: { chain: [{ task: 'b', args: [text] }, 'c'] }, schedule: 10, timezone },
    },
  });
  const current = live(entry('{{dueAt}}'));
  const replace = (config: BeatConfig) => replaceSettings(current, resolve(config)).changed;
  expect(replace(entry('{{dueAt}}'))).toEqual([]);
  expect(replace(entry('{{dueAt | HH}}'))).toEqual(['a', 'chain']);
  expect(replace(entry('{{dueAt | HH}}', 'Asia/Tokyo'))).toEqual(['a', 'chain']);
});

test('live settings: entries with functions of the user change when these do', () => {
  const entry = (compute: () => unknown[]): BeatConfig => ({
    beatSchedule: {
      all: { task: 'a', schedule: 10, args: lazy(compute) },
      part: { task: 'a', schedule: 10, args: [lazy(compute), '{{dueAt}}'] },
    },
  });
  const current = live(entry(() => [1]));
  const replace = (config: BeatConfig) => replaceSettings(current, resolve(config)).changed;
  expect(replace(entry(() => [2]))).toEqual(['all', 'part']);
});

test('live settings: messages have the current values and the names of the instance', () => {
  const current = live({ timezone: 'Europe/Berlin', taskProtocol: 1 });
  const before = current.messageContext;
  expect(before).toMatchObject({ timezone: 'Europe/Berlin', protocol: 1, origin: 'here' });
  replaceSettings(
    current,
    resolve({ taskRoutes: { 'tasks.*': { queue: 'slow' } }, taskSerializer: 'yaml', timezone: 'UTC' }),
  );
  const { router, ...after } = current.messageContext;
  expect(after).toMatchObject({ timezone: 'UTC', protocol: 2, origin: 'here', replyTo: 'reply' });
  expect(after.encoding.serializer).toBe('yaml');
  const options = {};
  expect(before.router.route('tasks.a', [], {}, options).destination.routingKey).toBe('celery');
  expect(router.route('tasks.a', [], {}, options).destination.routingKey).toBe('slow');
});
