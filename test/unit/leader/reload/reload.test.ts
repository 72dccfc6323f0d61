import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { Beat, type BeatOptions } from '../../../../src/leader/beat.ts';
import type { AuditRow } from '../../../../src/entries/commands/shapes.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { Settings } from '../../../../src/config/settings.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore, type MemoryStore } from '../../../../src/drivers/memory/store.ts';
import { ConfigError, StoreError } from '../../../../src/util/errors.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { settle } from '../../../support/settle.ts';

const started: Beat[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((beat) => beat.stop()));
});

const every = (task: string, schedule = 60) => ({ task, schedule });

const config = (beatSchedule: BeatConfig['beatSchedule'], more: BeatConfig = {}): BeatConfig => ({
  brokerUrl: 'memory://',
  resultExpires: null,
  beatSchedule,
  ...more,
});

/** Files, in memory: a configuration that tests write. */
class FakeFiles {
  config: BeatConfig | Promise<BeatConfig>;
  reads = 0;
  #seen: unknown;

  constructor(given: BeatConfig) {
    this.config = this.#seen = given;
  }

  async read(): Promise<Settings> {
    this.#seen = this.config;
    this.reads += 1;
    return resolveSettings(await this.config);
  }

  async hasChanged(): Promise<boolean> {
    return this.#seen !== this.config;
  }
}

const place = () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  return { clock, store: openMemoryStore(storeOptions(`memory://${randomUUID()}`, { clock })) };
};

async function start(
  files: FakeFiles,
  { clock, store }: { clock: ManualClock; store: MemoryStore },
  options: BeatOptions = {},
) {
  const beat = new Beat(resolveSettings(await files.config), { clock, store, source: files, ...options });
  started.push(beat);
  const log: string[] = [];
  beat.on('reloaded', ({ added, changed, removed }) => log.push(`${added} ${changed} ${removed}`));
  beat.on('reload-failed', ({ error }) => log.push((error as Error).message));
  await beat.start();
  await settle();
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      clock.advance(500);
      await settle();
    }
  };
  const sent = () =>
    store.broker.messages.map(
      ({ headers }) => `${String(headers['task'])} ${String(headers['beat_due_at']).slice(14, 19)}`,
    );
  return { beat, log, pass, sent };
}

describe('a reload of the leader', () => {
  test('adds, changes and removes entries, and keeps the place of the others', async () => {
    const files = new FakeFiles(config({ a: every('a'), b: every('b'), c: every('c') }));
    const { beat, pass, sent, log } = await start(files, place());
    await pass(30);
    files.config = config({ a: every('a'), b: every('b', 20), d: every('d') });
    const difference = { added: ['d'], changed: ['b'], removed: ['c'] };
    expect(await beat.reload()).toEqual(difference);
    await pass(60);
    expect(sent()).toEqual(['b 00:50', 'a 01:00', 'b 01:10', 'b 01:30', 'd 01:30']);
    expect(log).toEqual(['1 1 1']);
    expect(beat.settings.entries).toHaveLength(3);
  });

  test('replaces routes and the values that messages share', async () => {
    const files = new FakeFiles(config({ a: every('a') }));
    const { store, clock } = place();
    const { beat, pass } = await start(files, { store, clock });
    files.config = config({ a: every('a') }, { taskRoutes: { a: { queue: 'slow' } } });
    expect(await beat.reload()).toEqual({ added: [], changed: [], removed: [] });
    await pass(60);
    expect(store.broker.messages).toMatchObject([{ destination: { queue: 'slow' } }]);
  });

  test('waits for the end of a tick', async () => {
    const files = new FakeFiles(config({ a: every('a') }));
    const { clock, store } = place();
    const commit = store.ledger.commit.bind(store.ledger);
    let release = () => {};
    const { beat, sent, pass } = await start(files, { clock, store });
    store.ledger.commit = async (changes) => {
      await new Promise<void>((resolve) => (release = resolve));
      return commit(changes);
    };
    await pass(60);
    files.config = config({});
    let ended = false;
    const reloading = beat.reload().then(() => (ended = true));
    await settle();
    expect(ended).toBe(false);
    expect(beat.settings.entries).toHaveLength(1);
    store.ledger.commit = commit;
    release();
    await reloading;
    expect(beat.settings.entries).toHaveLength(0);
    expect(sent()).toEqual(['a 01:00']);
  });

  test('that is invalid changes nothing, and is reported until one succeeds', async () => {
    const files = new FakeFiles(config({ a: every('a') }));
    const { beat, pass, sent, log } = await start(files, place());
    files.config = config({ a: every('other', -1) });
    await expect(beat.reload()).rejects.toThrow(ConfigError);
    expect(log).toEqual([expect.stringMatching(/^beatSchedule\.a\.schedule: /)]);
    expect(beat.liveness.reloadError).toBe(log[0]);
    await pass(60);
    expect(sent()).toEqual(['a 01:00']);
    files.config = config({ a: every('a') });
    await beat.reload();
    expect(beat.liveness.reloadError).toBeNull();
  });

  test('that changes a setting which needs a restart changes nothing', async () => {
    const files = new FakeFiles(config({ a: every('a') }));
    const { beat } = await start(files, place());
    files.config = config({}, { keyPrefix: 'other' });
    await expect(beat.reload()).rejects.toThrow(
      'keyPrefix: cannot change from "beat" to "other" while beat runs; restart beat to change it',
    );
    expect(beat.settings).toMatchObject({ keyPrefix: 'beat', entries: [{ name: 'a' }] });
  });

  test('that takes longer than 30 s to read fails, and the schedule goes on', async () => {
    const files = new FakeFiles(config({ a: every('a', 10) }));
    const { beat, pass, sent } = await start(files, place());
    files.config = new Promise<BeatConfig>(() => {});
    const failure = expect(beat.reload()).rejects.toThrow('reading takes longer than 30 s');
    await pass(31);
    await failure;
    expect(sent()).toEqual(['a 00:10', 'a 00:20', 'a 00:30']);
  });

  test('reads once for all requests that arrive before the read begins', async () => {
    const files = new FakeFiles(config({}));
    const { beat } = await start(files, place());
    await Promise.all([beat.reload(), beat.reload(), beat.reload()]);
    expect(files.reads).toBe(1);
  });

  test('takes a configuration made in code instead of files', async () => {
    const { clock, store } = place();
    const beat = new Beat(config({}), { clock, store });
    started.push(beat);
    await beat.start();
    expect(await beat.reload(config({ a: every('a') }))).toMatchObject({ added: ['a'] });
    await expect(beat.reload()).rejects.toThrow('this instance has no configuration files to read again');
  });

  test('whose states cannot be read ends the term, and the next one has the new configuration', async () => {
    const files = new FakeFiles(config({ a: every('a') }));
    const { clock, store } = place();
    const { beat, pass, sent } = await start(files, { clock, store });
    const reasons: string[] = [];
    beat.on('following', ({ reason }) => reasons.push(reason));
    const findStates = store.ledger.findStates.bind(store.ledger);
    store.ledger.findStates = () => Promise.reject(new StoreError('gone'));
    files.config = config({ a: every('a'), b: every('b') });
    expect(await beat.reload()).toMatchObject({ added: ['b'] });
    store.ledger.findStates = findStates;
    await pass(70);
    expect(reasons).toEqual(['the reload could not read schedule state: gone']);
    expect(sent()).toEqual(['a 01:00', expect.stringMatching(/^b 01:0\d$/)]);
  });
});

describe('a reload of a follower', () => {
  test('is in force when it leads', async () => {
    const shared = place();
    const files = new FakeFiles(config({ a: every('a') }));
    const leader = await start(new FakeFiles(config({ a: every('a') })), shared);
    const follower = await start(files, shared);
    files.config = config({ b: every('b') });
    expect(await follower.beat.reload()).toEqual({ added: ['b'], changed: [], removed: ['a'] });
    await leader.beat.stop();
    await follower.pass(70);
    expect(follower.sent()).toEqual([expect.stringMatching(/^b /)]);
  });

  test('that led before is in force at once', async () => {
    const shared = place();
    const files = new FakeFiles(config({ a: every('a') }));
    const { beat, pass, log } = await start(files, shared);
    shared.store.lock.acquire = async () => null;
    shared.store.ledger.commit = async () => ({ kind: 'fenced' });
    await pass(60);
    files.config = config({ b: every('b') });
    void beat.reload();
    await settle();
    expect(log).toEqual(['1 0 1']);
    expect(beat.settings.entries).toMatchObject([{ name: 'b' }]);
  });

  test('happens at the beginning of its term if its files have changed', async () => {
    const shared = place();
    const files = new FakeFiles(config({ a: every('a') }));
    const leader = await start(files, shared);
    const followers = new FakeFiles(config({ a: every('a') }));
    const follower = await start(followers, shared);
    followers.config = config({ b: every('b') });
    await leader.beat.stop();
    await follower.pass(70);
    expect(follower.sent()).toEqual([expect.stringMatching(/^b /)]);
    expect(followers.reads).toBe(1);
  });

  test('reports files that became invalid, and leads with the configuration that it has', async () => {
    const shared = place();
    const leader = await start(new FakeFiles(config({ a: every('a') })), shared);
    const files = new FakeFiles(config({ a: every('a') }));
    const follower = await start(files, shared);
    files.config = config({ a: every('a', -1) });
    await leader.beat.stop();
    await follower.pass(70);
    expect(follower.sent()).toEqual(['a 01:00']);
    expect(follower.log).toEqual([expect.stringMatching(/^beatSchedule\.a\.schedule: /)]);
  });
});

describe('the command reload', () => {
  const command = (id: string) => JSON.stringify({ id, do: 'reload', by: 'ann' });
  const answer = async (store: MemoryStore, id: string) => {
    const row = (await store.commands.findAudit([id])).get(id);
    return row === undefined ? undefined : (JSON.parse(row) as AuditRow);
  };

  test('is answered with how many entries changed', async () => {
    const shared = place();
    const files = new FakeFiles(config({ a: every('a') }));
    await start(files, shared);
    files.config = config({ b: every('b'), c: every('c') });
    await shared.store.commands.append(command('1'));
    await settle();
    expect(await answer(shared.store, '1')).toMatchObject({
      do: 'reload',
      entry: null,
      by: 'ann',
      status: 'applied',
      answer: 'reloaded: 2 added, 0 changed, 1 removed',
    });
  });

  test('is rejected with the first errors of the files', async () => {
    const shared = place();
    const files = new FakeFiles(config({ a: every('a') }));
    await start(files, shared);
    const names = Array.from({ length: 7 }, (_, i) => [`e${i}`, every('a', -1)]);
    files.config = config(Object.fromEntries(names) as BeatConfig['beatSchedule']);
    await shared.store.commands.append(command('1'));
    await settle();
    const row = await answer(shared.store, '1');
    expect(row).toMatchObject({ status: 'rejected' });
    expect(row!.answer).toMatch(/^beatSchedule\.e0\.schedule: .*e4.*; and 2 more; nothing changed$/);
    expect(row!.answer).not.toContain('e5');
  });

  test('delays neither schedules nor other commands while files are read', async () => {
    const shared = place();
    const files = new FakeFiles(config({ a: every('a', 10) }));
    const { pass, sent } = await start(files, shared);
    const { promise, resolve } = Promise.withResolvers<BeatConfig>();
    files.config = promise;
    await shared.store.commands.append(command('slow'));
    await pass(5);
    const pause = { id: 'pause', do: 'run', entry: 'a' };
    await shared.store.commands.append(JSON.stringify(pause));
    await pass(10);
    expect(await answer(shared.store, 'pause')).toMatchObject({ status: 'applied' });
    expect(sent()).toHaveLength(2);
    expect(await answer(shared.store, 'slow')).toBeUndefined();
    resolve(config({ a: every('a', 10) }));
    await settle();
    expect(await answer(shared.store, 'slow')).toMatchObject({ status: 'applied' });
    expect(await shared.store.commands.pending(10)).toEqual([]);
  });
});
