import { afterEach, describe, expect, test } from 'vitest';
import { Beat, type BeatOptions } from '../../../src/leader/beat.ts';
import type { BeatConfig } from '../../../src/generated/config-types.ts';
import { ConfigError } from '../../../src/util/errors.ts';
import { type BeatEvents, operationKey } from '../../../src/contracts/events/beat-events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { Queues } from '../../../src/celery/routing/queues.ts';
import { openMemoryStore, type MemoryStore } from '../../../src/drivers/memory/store.ts';
import { storeOptions } from '../../contract/test-store.ts';
import { settle } from '../../support/settle.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';

const config: BeatConfig = {
  brokerUrl: 'memory://',
  resultExpires: null,
  beatSchedule: { greet: { task: 'tasks.greet', schedule: 10 } },
};

const started: Beat[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((beat) => beat.stop()));
});

/** Instances that share one memory store and one clock. */
async function beats(count: number) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const name = crypto.randomUUID();
  const url = { ...config, brokerUrl: `memory://${name}` };
  const all = Array.from({ length: count }, () => new Beat(url, { clock }));
  started.push(...all);
  for (const beat of all) await beat.start();
  await settle();
  const { transport, keyPrefix, lock } = all[0]!.settings;
  const store: MemoryStore = openMemoryStore({
    server: parseEndpoint(`memory://${name}`),
    locks: [],
    keyPrefix,
    lockTtl: lock.ttl,
    transport,
    queues: new Queues(),
    clock,
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      clock.advance(500);
      await settle();
    }
  };
  return { all, clock, store, pass };
}

describe('beats in one process', () => {
  test('two instances on one store send each run once', async () => {
    const { store, pass } = await beats(2);
    await pass(60);
    expect(store.broker.messages).toHaveLength(6);
  });

  test('when the leader stops, the other instance continues where it stopped', async () => {
    const { all, store, pass } = await beats(2);
    await pass(15);
    await all[0]!.stop();
    await pass(30);
    const due = store.broker.messages.map((message) => message.headers['beat_due_at']);
    expect(due).toEqual([10, 20, 30, 40].map((s) => `2027-03-01T12:00:${s}.000Z`));
  });

  test('the loss of the ledger is reported once, and schedules restart from then', async () => {
    const { all, store, pass } = await beats(1);
    const begun: BeatEvents['scheduling'][0][] = [];
    all[0]!.on('scheduling', (event) => begun.push(event));
    await pass(15);
    store.ledger.empty();
    await pass(20);
    expect(begun).toMatchObject([{ ledgerLost: true, changes: { added: 1 } }]);
    expect(store.broker.messages).toHaveLength(2);
  });
});

describe('the lifecycle', () => {
  test('it stops at the end of its scope, and may be stopped twice', async () => {
    const told: string[] = [];
    {
      await using beat = new Beat(config);
      beat.on('leading', () => told.push('leading'));
      beat.on('stopped', () => told.push('stopped'));
      await beat.start();
      await beat.start();
      await settle();
      await beat.stop();
    }
    expect(told).toEqual(['leading', 'stopped']);
  });

  test.each([
    [null, 'expected a map of settings, got null'],
    [undefined, 'expected a map of settings, got a value of type undefined'],
    ['beat.yaml', 'expected a map of settings, got a value of type string'],
    [[], 'expected a map of settings'],
    [[null], 'expected a map of settings'],
    [() => ({}), 'expected a map of settings, got a value of type function'],
    [Promise.resolve({}), 'expected a map of settings, got an instance of Promise'],
    [new Map(), 'expected a map of settings, got an instance of Map'],
    [{ entries: null }, 'entries: unknown key'],
  ])('a beat with the configuration %j is rejected with a diagnostic', async (given, text) => {
    const create = () => new Beat(given as BeatConfig);
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(text);
    const beat = new Beat(config);
    await expect(beat.reload(given as BeatConfig).then(() => beat)).rejects.toThrow(ConfigError);
    await beat.stop();
  });

  test('options of a beat that are null count as absent', async () => {
    const nothing = {
      clock: null,
      store: null,
      source: null,
      origin: null,
      findSchedulers: null,
      random: null,
      id: null,
    };
    for (const options of [null, nothing]) {
      await using beat = new Beat(config, options as BeatOptions | null);
      expect(beat.settings.entries).toHaveLength(1);
    }
  });

  test('a beat that was never started stops', async () => {
    await expect(new Beat(config).stop()).resolves.toBeUndefined();
  });

  test('started twice at once it runs once', async () => {
    const told: string[] = [];
    const beat = new Beat(config);
    beat.on('stopped', () => told.push('stopped'));
    await Promise.all([beat.start(), beat.start()]);
    await beat.stop();
    expect(told).toEqual(['stopped']);
  });

  test('a stop that overtakes the start waits until all is closed', async () => {
    const told: string[] = [];
    const beat = new Beat(config);
    beat.on('stopped', () => told.push('stopped'));
    const starting = beat.start();
    await beat.stop();
    expect(told).toEqual(['stopped']);
    await starting;
  });

  test('an instance leads with a store that has no command log', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const store = { ...openMemoryStore(storeOptions('memory://', { clock })), commands: undefined };
    const beat = new Beat(config, { clock, store });
    started.push(beat);
    const failures: unknown[] = [];
    beat.on('failure', (failure) => failures.push(failure));
    await beat.start();
    for (let second = 0; second < 20; second++) {
      await settle();
      clock.advance(1_000);
    }
    await settle();
    expect(failures).toEqual([]);
    expect(store.broker.messages).toHaveLength(2);
  });

  test('the given source of chance decides the pauses between attempts to acquire an unreachable lock', async () => {
    const countAttempts = async (chance: number) => {
      const clock = new ManualClock('2027-03-01T12:00:00Z');
      const store = openMemoryStore(storeOptions('memory://', { clock }));
      let attempts = 0;
      store.lock.acquire = () => {
        attempts += 1;
        return Promise.reject(new Error('away'));
      };
      const beat = new Beat(config, { clock, store, random: () => chance });
      started.push(beat);
      await beat.start();
      for (let second = 0; second < 600; second++) {
        await settle();
        clock.advance(1_000);
      }
      return attempts;
    };
    // The pauses with the first value are half of those with the second.
    expect(await countAttempts(0)).toBeGreaterThan(1.5 * (await countAttempts(1)));
  });

  test('a leader that cannot reach its store is not stuck, however long its lock lives, because it keeps retrying', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const long = { ...config, lock: { ttl: '1h' } };
    const { transport, keyPrefix, lock, broker } = new Beat(long).settings;
    const store = openMemoryStore({
      server: broker,
      locks: [],
      keyPrefix,
      transport,
      queues: new Queues(),
      clock,
      lockTtl: lock.ttl,
    });
    const beat = new Beat(long, { clock, store });
    started.push(beat);
    let faults = 0;
    beat.on('failure', () => (faults += 1));
    await beat.start();
    await settle();
    store.ledger.commit = () => Promise.reject(new Error('away'));
    for (let second = 0; second < 120; second++) {
      clock.advance(1_000);
      await settle();
    }
    expect(faults).toBeGreaterThan(60);
    expect(beat.liveness.alive).toBe(true);
  });

  test('several failures to begin a term recover when a term begins', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const { transport, keyPrefix, lock, broker } = new Beat(config).settings;
    const store = openMemoryStore({
      server: broker,
      locks: [],
      keyPrefix,
      transport,
      queues: new Queues(),
      clock,
      lockTtl: lock.ttl,
    });
    const load = store.ledger.load.bind(store.ledger);
    store.ledger.load = () => Promise.reject(new Error('away'));
    const beat = new Beat(config, { clock, store });
    started.push(beat);
    const told: string[] = [];
    beat.on('failure', ({ operation }) => told.push(`no ${operationKey(operation)}`));
    beat.on('recovered', ({ operation }) => told.push(operationKey(operation)));
    await beat.start();
    for (let second = 0; second < 20; second++) {
      if (second === 10) store.ledger.load = load;
      clock.advance(1_000);
      await settle();
    }
    expect(told.length).toBeGreaterThan(5);
    expect(told.indexOf('lead')).toBe(told.length - 1);
    expect(new Set(told)).toEqual(new Set(['no lead', 'lead']));
  });

  test('an instance with an invalid broker URL fails at its start, and stops', async () => {
    const beat = new Beat({ ...config, brokerUrl: 'sqla+sqlite://' });
    await expect(beat.start()).rejects.toThrow(ConfigError);
    await beat.stop();
  });

  test('an invalid configuration is rejected with all errors', () => {
    const wrong = { timezone: 'Europe/Olso', beatSchedule: { greet: { task: '', schedule: -1 } } };
    expect(() => new Beat(wrong)).toThrow(ConfigError);
    try {
      new Beat(wrong);
    } catch (error) {
      expect((error as ConfigError).errors.map(({ path }) => path.join('.'))).toEqual([
        'timezone',
        'beatSchedule.greet.schedule',
        'beatSchedule.greet.task',
      ]);
    }
  });
});
