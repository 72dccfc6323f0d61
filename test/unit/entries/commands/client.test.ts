import { boundLedger } from '../../../support/bound-ledger.ts';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Beat } from '../../../../src/leader/beat.ts';
import { connect, NoAnswerError, type BeatClient } from '../../../../src/client/client.ts';
import { CommandRejectedError } from '../../../../src/client/send-command.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import type { Settings } from '../../../../src/config/settings.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import { openStore } from '../../../../src/leader/outbox/open-store.ts';
import type { CommandEvent, SentEvent, SkippedEvent } from '../../../../src/contracts/events/beat-events.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import type { EntryStatus } from '../../../../src/read-models/status/shapes.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { settle } from '../../../support/settle.ts';

let config: BeatConfig;
let client: BeatClient;
const beats: Beat[] = [];

beforeEach(async () => {
  config = {
    brokerUrl: `memory://${randomUUID()}`,
    resultExpires: null,
    beatSchedule: {
      backup: { task: 'tasks.backup', schedule: { crontab: { minute: 0, hour: 3 } } },
      disabled: { task: 'tasks.disabled', schedule: 60, enabled: false },
    },
  };
  client = await connect(config, { by: 'alice' });
});
afterEach(async () => {
  await Promise.all(beats.splice(0).map((beat) => beat.stop()));
  await client.close();
});

interface Observed {
  readonly beat: Beat;
  readonly sent: SentEvent[];
  readonly skipped: SkippedEvent[];
  readonly commands: CommandEvent[];
}

async function lead(options: ConstructorParameters<typeof Beat>[1] = {}): Promise<Observed> {
  const beat = new Beat(config, options);
  const observed: Observed = { beat, sent: [], skipped: [], commands: [] };
  beat.on('sent', (event) => void observed.sent.push(event));
  beat.on('skipped', (event) => void observed.skipped.push(event));
  beat.on('command', (event) => void observed.commands.push(event));
  beats.push(beat);
  const leading = new Promise<void>((resolve) => beat.once('scheduling', () => resolve()));
  await beat.start();
  await leading;
  return observed;
}

describe('a client', () => {
  test('publishes a run now with its cause, without a change of the schedule', async () => {
    const { sent, commands } = await lead();
    const [before] = (await client.status()) as readonly EntryStatus[];
    const answer = await client.run('backup', { reason: 'before the migration' });
    expect(answer).toMatchObject({
      do: 'run',
      entry: 'backup',
      by: 'alice',
      reason: 'before the migration',
      status: 'applied',
      answer: 'published a run of backup',
    });
    expect(sent).toMatchObject([{ entry: 'backup', cause: 'manual' }]);
    expect(commands).toMatchObject([
      { id: answer.id, at: expect.any(Number) as number, status: 'applied', by: 'alice' },
    ]);
    const [after] = await client.status();
    expect(after).toMatchObject({
      runCount: 1,
      lastDueAt: before!.lastDueAt,
      nextDueAt: before!.nextDueAt,
      lastTaskId: sent[0]!.taskId,
    });
  });

  test('publishes two runs for two commands', async () => {
    const { sent } = await lead();
    await client.run('backup');
    await client.run('backup');
    expect(new Set(sent.map(({ taskId }) => taskId)).size).toBe(2);
  });

  test('pauses and resumes an entry, and reads its status', async () => {
    await lead();
    const until = new Date(Date.UTC(2099, 0, 1));
    await client.pause('backup', { until, reason: 'migration' });
    expect((await client.status())[0]).toMatchObject({
      paused: { by: 'alice', reason: 'migration', until: until.toISOString() },
    });
    await client.resume('backup');
    expect((await client.status())[0]).toMatchObject({ paused: null });
  });

  test('receives the reason for a rejected command', async () => {
    const { commands, sent } = await lead();
    await expect(client.run('bakup')).rejects.toThrow(
      new CommandRejectedError('no entry "bakup"; did you mean "backup"?'),
    );
    await expect(client.resume('backup')).rejects.toThrow('entry "backup" is not paused');
    const from = new Date(0);
    await expect(client.backfill('backup', { from, to: '2026-01-01T00:00:00Z' })).rejects.toThrow(
      'more than 10,000 runs',
    );
    await expect(client.run('disabled')).rejects.toThrow(/^entry "disabled" is disabled/);
    expect(commands.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(sent).toEqual([]);
  });

  test('rejects a malformed command before it is stored, also while no instance leads', async () => {
    await expect(client.pause('backup', { until: 'tomorrow' })).rejects.toMatchObject({
      name: 'CommandRejectedError',
      message: 'until: expected an instant such as 2030-01-31T08:00:00Z, got "tomorrow"',
      problems: [{ path: ['until'] }],
    });
    const args = ['x'.repeat(1_000_000)];
    await expect(client.add('long', { task: 'tasks.add', schedule: 5, args })).rejects.toThrow(
      new CommandRejectedError('a command of over 1,000,000 bytes'),
    );
    const { commands } = await lead();
    await client.run('backup');
    expect(commands).toMatchObject([{ do: 'run', status: 'applied' }]);
  });

  test('reports that there is no leader, and the next leader applies its command', async () => {
    await using hurried = await connect(config, { wait: 1 });
    await expect(hurried.run('backup')).rejects.toThrow(NoAnswerError);
    const { beat, sent } = await lead();
    if (sent.length === 0) await new Promise<void>((done) => beat.once('sent', () => done()));
    expect(sent).toMatchObject([{ entry: 'backup', cause: 'manual' }]);
  });
});

describe('a command', () => {
  test('that was sent while no instance led is applied before missed runs are caught up', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    config = { ...config, beatSchedule: { backup: { task: 'tasks.backup', schedule: 3_600 } } };
    const { beat } = await lead({ clock });
    await beat.stop();
    clock.advance(3 * 3_600_000);
    const store = await openState(storeOptions(resolveSettings(config), clock));
    await store.commands.append(JSON.stringify({ id: 'c', do: 'pause', entry: 'backup' }));
    const { commands, sent } = await lead({ clock });
    await settle();
    expect(commands).toMatchObject([{ do: 'pause', status: 'applied' }]);
    expect(sent).toEqual([]);
  });

  test.each([
    ['while an instance leads', false],
    ['while no instance led', true],
  ])('sent thousands of times %s delays no run by more than 100 ms', async (_when, before) => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    config = { ...config, beatSchedule: { often: { task: 'tasks.often', schedule: 1, missed: 'all' } } };
    const store = await openStore(storeOptions(resolveSettings(config), clock));
    const { ledger } = store;
    // Each commit takes 5 ms.
    const slow = {
      ...store,
      ledger: {
        ...boundLedger(ledger),
        commit: (...args: Parameters<typeof ledger.commit>) => {
          clock.advance(5);
          return ledger.commit(...args);
        },
      },
    };
    const append = async () => {
      for (let i = 0; i < 2_000; i++) {
        await store.commands!.append(JSON.stringify({ id: `c ${i}`, do: 'pause', entry: 'no' }));
      }
    };
    if (before) await append();
    const { commands, sent } = await lead({ clock, store: slow });
    if (!before) await append();
    await vi.waitFor(() => expect(commands).toHaveLength(2_000));
    expect(sent.length).toBeGreaterThan(8);
    const late = sent.map(({ sentAt, dueAt }) => sentAt - dueAt);
    expect(Math.max(...late)).toBeLessThanOrEqual(105);
  });

  test('that is appended twice is applied once', async () => {
    const { sent, beat } = await lead();
    const store = await openState(storeOptions(resolveSettings(config), systemClock));
    const json = JSON.stringify({ id: 'the-same', do: 'run', entry: 'backup' });
    await store.commands.append(json);
    await store.commands.append(json);
    await client.pause('backup');
    expect(sent.length).toBe(1);
    expect(await store.commands.pending(10)).toEqual([]);
    await beat.stop();
  });

  test('that is malformed is answered and logged with the fields that can be read', async () => {
    const { commands } = await lead();
    const store = await openState(storeOptions(resolveSettings(config), systemClock));
    const sent = { by: 'deploy.py', reason: 'release', entry: 'backup' };
    const malformed = [
      { ...sent, do: 'pause', id: 'no-instant', until: 'tomorrow' },
      { ...sent, do: 'explode', id: 'no-such' },
    ];
    for (const command of malformed) await store.commands.append(JSON.stringify(command));
    await client.run('backup');
    const rows = await store.commands.findAudit(malformed.map(({ id }) => id));
    const rejected = { ...sent, status: 'rejected' };
    const expected = [
      { ...rejected, id: 'no-instant', do: 'pause' },
      { ...rejected, id: 'no-such', do: null },
    ];
    expect([...rows.values()].map((row): unknown => JSON.parse(row))).toMatchObject(expected);
    expect(commands).toMatchObject([...expected, { do: 'run' }]);
  });

  test('of over a megabyte is removed without being read, logged, and in the audit trail', async () => {
    const { commands } = await lead();
    const store = await openState(storeOptions(resolveSettings(config), systemClock));
    const definition = { task: 't', schedule: 5, args: ['x'.repeat(1_000_000)] };
    const long = { id: 'long', by: 'deploy.py', do: 'add', entry: 'backup', definition };
    await store.commands.append(JSON.stringify(long));
    await client.run('backup');
    const row = {
      id: 'not read: 1',
      do: null,
      entry: null,
      by: '',
      status: 'rejected',
      answer: 'a command of over 1,000,000 bytes; removed without being read',
    };
    expect(commands).toMatchObject([row, { do: 'run', status: 'applied' }]);
    const audit = (await store.commands.readAudit(10)).map(({ json }): unknown => JSON.parse(json));
    expect(audit).toMatchObject([{ do: 'run' }, row]);
    expect(await store.commands.pending(10)).toEqual([]);
  });

  test('that follows hundreds of reloads is applied while they run, and two reads answer all reloads', async () => {
    const settings = resolveSettings(config);
    const reads: (() => void)[] = [];
    const source = {
      read: () => new Promise<Settings>((resolve) => reads.push(() => resolve(settings))),
      hasChanged: async () => false,
    };
    const { commands } = await lead({ source });
    const store = await openState(storeOptions(settings, systemClock));
    const ids = Array.from({ length: 250 }, (_, i) => `reload ${i}`);
    for (const id of ids) await store.commands.append(JSON.stringify({ id, do: 'reload' }));
    await client.run('backup');
    expect(commands).toMatchObject([{ do: 'run', status: 'applied' }]);
    reads[0]!();
    await vi.waitFor(() => expect(reads).toHaveLength(2));
    reads[1]!();
    await vi.waitFor(async () => expect((await store.commands.findAudit(ids)).size).toBe(250));
    expect(reads).toHaveLength(2);
    expect(await store.commands.pending(1)).toEqual([]);
  });

  test('whose commit succeeded without an answer is applied once', async () => {
    const store = await openStore(storeOptions(resolveSettings(config), systemClock));
    const { ledger } = store;
    let lost = 0;
    const failing = {
      ...store,
      ledger: {
        ...boundLedger(ledger),
        commit: async (...args: Parameters<typeof ledger.commit>) => {
          const outcome = await ledger.commit(...args);
          if ((args[0].commands?.length ?? 0) > 0 && lost++ === 0) throw new Error('no answer');
          return outcome;
        },
      },
    };
    const { sent, beat } = await lead({ store: failing });
    const reported = new Promise<void>((done) => beat.once('command', () => done()));
    await client.run('backup');
    await reported;
    expect(lost).toBe(2);
    expect(sent.length).toBe(1);
    expect((await client.status())[0]).toMatchObject({ runCount: 1 });
  });

  test('that the store rejects is answered, and the entry is unchanged', async () => {
    const store = await openStore(storeOptions(resolveSettings(config), systemClock));
    const { ledger } = store;
    const rejecting = {
      ...store,
      ledger: {
        ...boundLedger(ledger),
        commit: async (...args: Parameters<typeof ledger.commit>) => {
          const publishes = args[0].changes.some(({ messages }) => messages.length > 0);
          if (publishes) return { kind: 'store-rejected', reason: 'no such queue' } as const;
          return ledger.commit(...args);
        },
      },
    };
    await lead({ store: rejecting });
    await expect(client.run('backup')).rejects.toThrow('no such queue');
    expect((await client.status())[0]).toMatchObject({ runCount: 0, lastTaskId: null });
    expect(await client.pause('backup')).toMatchObject({ status: 'applied' });
  });

  test('that the leader cannot finish is reported, and schedules continue', async () => {
    config = { ...config, beatSchedule: { ...config.beatSchedule, often: { task: 'tasks.often', schedule: 0.05 } } };
    const store = await openStore(storeOptions(resolveSettings(config), systemClock));
    const { ledger } = store;
    const denying = {
      ...store,
      ledger: {
        ...boundLedger(ledger),
        commit: async (...args: Parameters<typeof ledger.commit>) => {
          const finishes = (args[0].commands?.length ?? 0) > 0;
          if (finishes) return { kind: 'store-rejected', reason: 'may not run LREM' } as const;
          return ledger.commit(...args);
        },
      },
    };
    const { beat, sent } = await lead({ store: denying });
    const reported = new Promise<unknown>((done) => {
      beat.on('failure', ({ operation, error }) => {
        if (operation.kind === 'commands') done(error);
      });
    });
    const state = await openState(storeOptions(resolveSettings(config), systemClock));
    await state.commands.append(JSON.stringify({ id: 'denied', do: 'pause', entry: 'nope' }));
    expect(await reported).toMatchObject({ message: 'may not run LREM' });
    const before = sent.length;
    await new Promise<void>((done) => beat.once('sent', () => done()));
    expect(sent.length).toBeGreaterThan(before);
    expect(await state.commands.pending(10)).toHaveLength(1);
  });

  test('for an entry whose own schedule throws is rejected, and the next command is applied', async () => {
    const broken: Schedule = {
      spec: 'broken',
      next: (after) => {
        if (after.getTime() < 0) throw new Error('no history before 1970');
        return new Date(after.getTime() + 3_600_000);
      },
    };
    config = {
      ...config,
      beatSchedule: { ...config.beatSchedule, broken: { task: 'tasks.broken', schedule: broken } },
    };
    await lead();
    const time = { from: '1969-01-01T00:00:00Z', to: '1969-01-02T00:00:00Z' };
    await expect(client.backfill('broken', time)).rejects.toThrow('no history before 1970');
    expect(await client.pause('backup')).toMatchObject({ status: 'applied' });
  });
});
