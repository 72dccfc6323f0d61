import { describe, expect, expectTypeOf, onTestFinished, test, vi } from 'vitest';
import { BeatError, ConfigError, crontab, defineConfig, timedelta } from '../../src/index.ts';
import { due, ManualClock, TestBeat, type Due } from '../../src/testing.ts';
import type { EntryConfig } from '../../src/generated/config-types.ts';

/** An example of a user's configuration. */
const config = defineConfig({
  timezone: 'Europe/Oslo',
  beatSchedule: {
    'pay-salaries': {
      task: 'payroll.run',
      schedule: crontab({ minute: 30, hour: 6, dayOfMonth: 25 }),
      options: { queue: 'payroll' },
    },
    'friday-report': {
      task: 'reports.weekly',
      schedule: crontab({ minute: 0, hour: 16, dayOfWeek: 'fri' }),
      missed: 'skip',
    },
    'poll-mail': { task: 'mail.poll', schedule: timedelta({ hours: 6 }), kwargs: { box: 'in' } },
    'sum-up': { task: 'sums.day', schedule: crontab({ minute: 0, hour: 0 }, { timezone: 'UTC' }), missed: 'all' },
    retired: { task: 'old.task', schedule: 1, enabled: false },
  },
});

const YEAR = { from: '2027-01-01T00:00:00Z', until: '2028-01-01T00:00:00Z' };

function count(runs: readonly { readonly entry: string }[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(runs, ({ entry }) => entry)].map(([entry, of]) => [entry, of.length]));
}

describe('due', () => {
  const runs = due(config, YEAR);

  test('lists all occurrences of enabled entries in a year, in the order of time', () => {
    expect(count(runs)).toEqual({ 'pay-salaries': 12, 'friday-report': 53, 'poll-mail': 365 * 4, 'sum-up': 365 });
    const instants = runs.map(({ dueAt }) => dueAt.getTime());
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
    expectTypeOf(runs).toEqualTypeOf<Due[]>();
  });

  test('sorts occurrences of one instant by name', () => {
    const midnight = runs.filter(({ dueAt }) => dueAt.toISOString() === '2027-03-01T00:00:00.000Z');
    expect(midnight.map(({ entry }) => entry)).toEqual(['poll-mail', 'sum-up']);
    const instants = Map.groupBy(runs, ({ dueAt }) => dueAt.getTime());
    const first = [...instants.values()].flatMap(([run, more]) => (more ? (run?.entry ?? []) : []));
    expect(new Set(first)).toEqual(new Set(['poll-mail']));
  });

  test('lists 06:30 in Oslo in summer and in winter', () => {
    const paid = runs.filter(({ entry }) => entry === 'pay-salaries');
    const at = paid.map(({ dueAt }) => dueAt.toISOString());
    expect(at[1]).toBe('2027-02-25T05:30:00.000Z');
    expect(at[6]).toBe('2027-07-25T04:30:00.000Z');
  });

  test('excludes the first instant and includes the last', () => {
    const midnight = { from: '2027-01-01T00:00:00Z', until: new Date('2027-01-02T00:00:00Z') };
    const sums = due(config, midnight).filter(({ entry }) => entry === 'sum-up');
    expect(sums).toEqual([{ entry: 'sum-up', dueAt: new Date('2027-01-02T00:00:00Z') }]);
    expect(due(config, { from: YEAR.until, until: YEAR.from })).toEqual([]);
  });

  test('rejects an invalid configuration and an invalid instant', () => {
    const broken = { beatSchedule: { x: { task: 't', schedule: { cron: '61 * * * *' } } } };
    expect(() => due(broken, YEAR)).toThrow(ConfigError);
    expect(() => due(config, { from: 'soon', until: YEAR.until })).toThrow(BeatError);
  });

  test('reads instants without an offset as UTC on every host', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(new Date('2027-01-01T00:00').toISOString()).toBe('2026-12-31T15:00:00.000Z');
    expect(due(config, { from: '2027-01-01T00:00', until: '2028-01-01' })).toEqual(runs);
  });
});

describe('TestBeat', () => {
  test('publishes all occurrences of a year, each at its instant', async () => {
    const beat = await TestBeat.start(config, { now: YEAR.from });
    await beat.advance('365d');
    expect(beat.clock.now()).toBe(Date.parse(YEAR.until));
    const sent = beat.sent.map(({ entry, dueAt }) => ({ entry, dueAt: new Date(dueAt) }));
    expect(sent).toEqual(due(config, YEAR));
    expect(beat.sent.every(({ dueAt, sentAt }) => dueAt === sentAt)).toBe(true);
    expect(beat.skipped).toEqual([]);
  });

  test('shows the messages that workers would receive', async () => {
    const beat = await TestBeat.start(config, { now: '2027-01-25T00:00:00Z' });
    await beat.advance('6h');
    const [salaries, mail] = beat.messages;
    expect(salaries).toMatchObject({
      destination: { queue: 'payroll', exchange: '', routingKey: 'payroll' },
      headers: { task: 'payroll.run', periodic_task_name: 'pay-salaries', beat_due_at: '2027-01-25T05:30:00.000Z' },
    });
    expect(mail?.taskId).toBe(beat.sent[1]?.taskId);
    const [args, kwargs] = JSON.parse(String(mail?.body)) as unknown[];
    expect([args, kwargs]).toEqual([[], { box: 'in' }]);
  });

  test('shows the catch-up of each entry after a downtime of three days', async () => {
    const beat = await TestBeat.start(config, { now: '2027-01-28T12:00:00Z' });
    beat.clock.advance(3 * 24 * 3_600_000);
    await beat.tick();
    // The report of Friday was missed, and would be late by two days.
    expect(count(beat.sent)).toEqual({ 'poll-mail': 1, 'sum-up': 3 });
    expect(beat.skipped).toEqual([
      expect.objectContaining({ entry: 'poll-mail', reason: 'coalesced', count: 11 }),
      expect.objectContaining({ entry: 'friday-report', reason: 'missed', count: 1 }),
    ]);
  });

  test('publishes nothing twice when the clock is set back', async () => {
    const beat = await TestBeat.start(config, { now: '2027-01-01T00:00:00Z' });
    await beat.advance('1d');
    const before = beat.sent.length;
    beat.clock.set('2027-01-01T01:00:00Z');
    await beat.advance('23h');
    expect(beat.sent).toHaveLength(before);
    await beat.advance('6h');
    expect(beat.sent.length).toBe(before + 1);
  });

  test('accepts the durations of a configuration, and rejects other texts', async () => {
    const beat = await TestBeat.start(config, { now: YEAR.from });
    await beat.advance(90);
    await beat.advance('1m30s');
    expect(beat.clock.now()).toBe(Date.parse('2027-01-01T00:03:00Z'));
    await expect(beat.advance('a while')).rejects.toThrow(BeatError);
    expect(beat.clock).toBeInstanceOf(ManualClock);
  });

  test('is independent of other instances', async () => {
    const [one, other] = [
      await TestBeat.start(config, { now: YEAR.from }),
      await TestBeat.start(config, { now: YEAR.from }),
    ];
    await one.advance('1d');
    expect(other.sent).toEqual([]);
    await other.advance('1d');
    expect(other.sent.map(({ taskId }) => taskId)).toEqual(one.sent.map(({ taskId }) => taskId));
  });
});

describe('TestBeat with outcomes', () => {
  const start = (entry: Partial<EntryConfig>) =>
    TestBeat.start(
      {
        brokerUrl: 'redis://',
        resultBackend: 'redis://',
        resultExpires: null,
        beatSchedule: { report: { task: 'reports.run', schedule: 60, maxRuntime: '1h', ...entry } },
      },
      { now: '2027-03-01T12:00:00Z' },
    );

  test('TestBeat: overlap skip skips occurrences until the task has succeeded', async () => {
    const beat = await start({ overlap: 'skip' });
    await beat.advance('3m');
    expect(beat.sent).toHaveLength(1);
    expect(beat.skipped.map(({ reason }) => reason)).toEqual(['overlap', 'overlap']);
    await beat.succeed(beat.sent[0]!.taskId, { runtimeMs: 170_000, worker: 'w@1' });
    await beat.advance('1m');
    expect(beat.sent).toHaveLength(2);
    expect(beat.outcomes).toMatchObject([
      { entry: 'report', state: 'SUCCESS', runtimeMs: 170_000, worker: 'w@1', error: null },
    ]);
  });

  test('TestBeat: overlap queue publishes the next run when the task has failed', async () => {
    const beat = await start({ overlap: 'queue' });
    await beat.advance('2m');
    expect(beat.sent).toHaveLength(1);
    const failures: string[] = [];
    beat.on('outcome', ({ state, error }) => failures.push(`${state} ${error}`));
    await beat.fail(beat.sent[0]!.taskId, 'ValueError: no data');
    expect(beat.sent).toHaveLength(2);
    expect(failures).toEqual(['FAILURE ValueError: no data']);
  });

  test('TestBeat: overlap cancel has the ids of the tasks that workers were asked to end', async () => {
    const beat = await start({ overlap: 'cancel' });
    await beat.advance('2m');
    const [first, second] = beat.sent.map(({ taskId }) => taskId);
    expect(beat.cancelled).toEqual([first]);
    await beat.revoke(first!);
    expect(beat.outcomes.map(({ taskId, state }) => [taskId, state])).toEqual([[first, 'REVOKED']]);
    await beat.succeed(second!);
    await beat.advance('1m');
    expect(beat.cancelled).toEqual([first]);
  });

  test('TestBeat: a task that was not published, or has ended, cannot end', async () => {
    const beat = await start({});
    await beat.advance('1m');
    const { taskId } = beat.sent[0]!;
    await expect(beat.succeed('other')).rejects.toThrow('no task with the id "other"');
    await beat.succeed(taskId);
    await expect(beat.fail(taskId)).rejects.toThrow(`"${taskId}" has already ended`);
  });
});
