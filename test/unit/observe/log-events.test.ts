import { describe, expect, test } from 'vitest';
import type { BeatEvents } from '../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../src/contracts/events/events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { logEvents } from '../../../src/observe/log-events.ts';
import { createLogger, type LogLevel } from '../../../src/observe/logger.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');
const MINUTE = 60_000;

type Line = Record<string, unknown>;

function journal(level: LogLevel = 'debug') {
  const lines: Line[] = [];
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  logEvents(events, createLogger({ level, destination: { write } }), clock);
  return { lines, clock, events };
}

/** The log line of an event without its time. */
function lineOf<K extends keyof BeatEvents>(name: K, ...payload: BeatEvents[K]): Line {
  const { lines, events } = journal();
  events.emit(name, ...payload);
  expect(lines).toHaveLength(1);
  const [{ time, ...line }] = lines as [Line];
  expect(new Date(time as string).toISOString()).toBe(time);
  return line;
}

const run = {
  entry: 'greet',
  task: 'tasks.greet',
  taskId: 'id-1',
  queue: 'celery',
  dueAt: NOON,
  cause: 'schedule' as const,
  sentAt: NOON + 12,
  term: 7,
  messages: [],
};

describe('the log line of', () => {
  test('a sent run has every field but its messages, and its lateness is never negative', () => {
    const sent = { entry: 'greet', task: 'tasks.greet', taskId: 'id-1', queue: 'celery', term: 7 };
    expect(lineOf('sent', run)).toEqual({
      level: 'info',
      event: 'sent',
      ...sent,
      cause: 'schedule',
      dueAt: '2027-03-01T12:00:00.000Z',
      latenessMs: 12,
      msg: 'Scheduler: Sending due task greet (tasks.greet) id=id-1',
    });
    expect(lineOf('sent', { ...run, sentAt: NOON - 3 })).toMatchObject({ latenessMs: 0 });
  });

  test('a delayed message names its target', () => {
    const of = {
      entry: 'greet',
      task: 'tasks.greet',
      taskId: 'id-1',
      to: 'queue "celery"',
      cause: 'schedule' as const,
    };
    const message = {} as BeatEvents['delivered'][0]['message'];
    expect(lineOf('delivered', { ...of, dueAt: NOON, message })).toEqual({
      level: 'info',
      event: 'delivered',
      ...of,
      dueAt: '2027-03-01T12:00:00.000Z',
      msg: 'Published delayed task tasks.greet id=id-1 (entry greet) to queue "celery"',
    });
  });

  test.each([
    ['coalesced', "coalesced into a newer run (missed: 'once')"],
    ['deadline', 'past the starting deadline (startingDeadline)'],
  ] as const)('skipped runs (%s) says how many, from when to when, and why', (reason, why) => {
    const skipped = { entry: 'greet', reason, first: NOON, last: NOON + MINUTE };
    const [from, to] = ['2027-03-01T12:00:00.000Z', '2027-03-01T12:01:00.000Z'];
    expect(lineOf('skipped', { ...skipped, count: 2 })).toEqual({
      level: 'warn',
      event: 'skipped',
      entry: 'greet',
      reason,
      first: from,
      last: to,
      count: 2,
      msg: `Skipped 2 runs of greet due from ${from} to ${to}: ${why}`,
    });
    const [one, many] = [1, null].map((count) => lineOf('skipped', { ...skipped, count }));
    expect(one).toMatchObject({ msg: `Skipped 1 run of greet due from ${from} to ${to}: ${why}` });
    expect(many).toMatchObject({ msg: `Skipped very many runs of greet due from ${from} to ${to}: ${why}` });
    expect(lineOf('skipped', { ...skipped, last: NOON, count: 1 })).toMatchObject({
      msg: `Skipped 1 run of greet due at ${from}: ${why}`,
    });
  });

  test('a term that begins counts the entries and their changes', () => {
    const begun = { term: 7, entries: 3, changes: {}, ledgerLost: false };
    expect(lineOf('scheduling', begun)).toEqual({
      level: 'info',
      event: 'scheduling',
      ...begun,
      msg: 'Scheduling (entries: 3 enabled)',
    });
    const changes = { added: 2, disabled: 1 };
    expect(lineOf('scheduling', { ...begun, changes })).toMatchObject({
      level: 'info',
      msg: 'Scheduling (entries: 3 enabled, 2 added, 1 disabled)',
    });
    expect(lineOf('scheduling', { ...begun, changes, ledgerLost: true })).toMatchObject({
      level: 'warn',
      msg: 'Schedule state was lost (was the store emptied?); all schedules restart from now (entries: 3 enabled, 2 added, 1 disabled)',
    });
  });

  test.each([
    ['added', 'New entry greet: its first run is computed from now, or from its lastRunAt'],
    ['edited', 'Schedule of entry greet changed: its next run is computed from now'],
    ['enabled', 'Entry greet is enabled again: its next run is computed from now'],
    ['disabled', 'Entry greet is disabled: it does not run'],
    ['removed', 'Entry greet was removed from the configuration: it does not run'],
  ] as const)('an entry that was %s is a debug line', (change, msg) => {
    const event = { entry: 'greet', change };
    expect(lineOf('entry-changed', event)).toEqual({ level: 'debug', event: 'entry-changed', ...event, msg });
  });

  test.each(['added', 'edited', 'enabled'] as const)('an entry that will never run is a warning (%s)', (change) => {
    const event = { entry: 'greet', change, schedule: 'at noon' };
    expect(lineOf('never-due', event)).toEqual({
      level: 'warn',
      event: 'never-due',
      ...event,
      msg: 'Entry greet will never run: its time (at noon) has already passed',
    });
  });

  test('a tick reports how many runs it sent and when the next tick is due', () => {
    expect(lineOf('tick', { sent: 3, wakeAt: NOON })).toEqual({
      level: 'debug',
      event: 'tick',
      sent: 3,
      wakeAt: '2027-03-01T12:00:00.000Z',
      msg: 'beat: Waking up at 2027-03-01T12:00:00.000Z',
    });
    expect(lineOf('tick', { sent: 0, wakeAt: Infinity })).toMatchObject({ wakeAt: null, msg: 'beat: No run is due' });
  });

  test('clock skew has the store, its direction and its accuracy', () => {
    expect(lineOf('skew', { store: 'Redis', ms: 12, within: 3 })).toEqual({
      level: 'info',
      event: 'skew',
      store: 'Redis',
      ms: 12,
      within: 3,
      msg: 'Clock skew against Redis: 12 ms (±3 ms)',
    });
    expect(lineOf('skew', { store: 'PostgreSQL', ms: -12, within: 3 })).toMatchObject({
      msg: 'Clock skew against PostgreSQL: -12 ms (±3 ms)',
    });
  });

  test('is named at the end of the instance', () => {
    expect(lineOf('stopped')).toEqual({ level: 'info', event: 'stopped', msg: 'beat: Stopped' });
  });

  test.each([
    ['clock', 'Clock skew is below 1 s again'],
    ['eviction', 'The store no longer evicts queues or schedule state'],
    ['locks', 'All lock servers are reachable again'],
    ['outbox', 'Outbox: no message is delayed any more'],
    ['pruning', 'Consumed messages are removed again'],
    ['takeover', 'This instance is notified again when the leader stops'],
  ] as const)('a warning (%s) that has ended says so', (kind, msg) => {
    expect(lineOf('warning', { kind, message: null })).toEqual({
      level: 'info',
      event: 'warning',
      kind,
      resolved: true,
      msg,
    });
    expect(lineOf('warning', { kind, message: 'danger' })).toEqual({
      level: 'warn',
      event: 'warning',
      kind,
      msg: 'danger',
    });
  });
});

describe('the log lines of the roles', () => {
  const roles = (...names: ('leading' | 'following' | 'scheduling')[]) => {
    const { lines, events } = journal();
    for (const name of names) {
      if (name === 'leading') events.emit('leading', { term: 7 });
      if (name === 'following') events.emit('following', { reason: 'another leads' });
      if (name === 'scheduling') {
        events.emit('scheduling', { term: 7, entries: 0, changes: {}, ledgerLost: false });
      }
    }
    return lines.map(({ level, event }) => `${String(level)} ${String(event)}`);
  };

  test('are lines with term and reason', () => {
    const { lines, events } = journal();
    events.emit('following', { reason: 'another leads' });
    events.emit('leading', { term: 7 });
    expect(lines).toMatchObject([
      { level: 'info', reason: 'another leads', msg: 'Following: another leads' },
      { level: 'info', term: 7, msg: 'Leading: term 7' },
    ]);
  });

  test('are debug lines from the second attempt at a term that does not begin', () => {
    expect(roles('leading', 'following', 'leading', 'following')).toEqual([
      'info leading',
      'info following',
      'debug leading',
      'debug following',
    ]);
  });

  test('are info lines again after a term has begun', () => {
    expect(roles('leading', 'leading', 'scheduling', 'following', 'leading')).toEqual([
      'info leading',
      'debug leading',
      'info scheduling',
      'info following',
      'info leading',
    ]);
  });
});

test('the log: clock skew is an info line once, then a debug line', () => {
  const { lines, events } = journal();
  events.emit('skew', { store: 'Redis', ms: -12, within: 1 });
  events.emit('skew', { store: 'Redis', ms: -13, within: 1 });
  expect(lines).toMatchObject([
    { level: 'info', ms: -12 },
    { level: 'debug', ms: -13 },
  ]);
});

test('the log: a warning is one line when it begins and one when it ends', () => {
  const { lines, events } = journal();
  for (const message of ['skewed', 'skewed', null, null]) events.warn('clock', message);
  expect(lines).toMatchObject([
    { level: 'warn', event: 'warning', kind: 'clock', msg: 'skewed' },
    { level: 'info', event: 'warning', kind: 'clock', resolved: true },
  ]);
});
