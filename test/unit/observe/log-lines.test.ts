import { describe, expect, it } from 'vitest';
import { operationKey, type Operation } from '../../../src/events/operation.ts';
import type { BeatEvents } from '../../../src/events/beat-events.ts';
import { Events } from '../../../src/events/events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { createLogger, LOG_LEVELS, logEvents, type LogLevel } from '../../../src/observe/log.ts';

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

/** The line that the log has for an event: level, message and every field but the time. */
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

describe('the line of', () => {
  it('a run that is sent has everything but its messages, and is never early', () => {
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

  it('a message that had waited says where it is', () => {
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
      msg: 'Task tasks.greet id=id-1 of greet, kept before, is in queue "celery"',
    });
  });

  it.each([
    ['coalesced', 'a newer missed run stands for them'],
    ['missed', 'the entry skips what it missed'],
    ['deadline', 'their starting deadline has passed'],
    ['catch-up-limit', 'more were missed than are made up for'],
    ['expired', 'no queue took them before they expired'],
    ['no-subscribers', 'nobody listened to their exchange, which keeps nothing'],
  ] as const)(
    'runs that are skipped (%s) says how many, from when to when, and why',
    (reason, why) => {
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
        msg: `2 runs of greet from ${from} to ${to} not sent: ${why}`,
      });
      const [one, many] = [1, null].map((count) => lineOf('skipped', { ...skipped, count }));
      expect(one).toMatchObject({ msg: `One run of greet from ${from} to ${to} not sent: ${why}` });
      expect(many).toMatchObject({
        msg: `Very many runs of greet from ${from} to ${to} not sent: ${why}`,
      });
      expect(lineOf('skipped', { ...skipped, last: NOON, count: 1 })).toMatchObject({
        msg: `One run of greet of ${from} not sent: ${why}`,
      });
    },
  );

  it('a term that begins says how many entries are enabled, and what has changed', () => {
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
      msg: 'The ledger was lost: schedules go on from now (entries: 3 enabled, 2 added, 1 disabled)',
    });
  });

  it.each([
    ['added', 'Entry greet is new: it counts from now'],
    ['edited', 'The schedule of greet was edited: it counts from now'],
    ['enabled', 'Entry greet is back: it counts from now'],
    ['disabled', 'Entry greet is disabled'],
    ['removed', 'Entry greet is not configured any more'],
  ] as const)('an entry that was %s is a debug line', (change, msg) => {
    const event = { entry: 'greet', change };
    expect(lineOf('entry-changed', event)).toEqual({
      level: 'debug',
      event: 'entry-changed',
      ...event,
      msg,
    });
  });

  it.each([
    ['added', 'Entry greet is new'],
    ['edited', 'The schedule of greet was edited'],
    ['enabled', 'Entry greet is back'],
  ] as const)('an entry that was %s and never runs is a warning', (change, what) => {
    const event = { entry: 'greet', change, schedule: 'at noon' };
    expect(lineOf('never-due', event)).toEqual({
      level: 'warn',
      event: 'never-due',
      ...event,
      msg: `${what}, and its time is past (at noon): nothing will be sent`,
    });
  });

  it('a tick says how many runs it sent and when the next one is', () => {
    expect(lineOf('tick', { sent: 3, wakeAt: NOON })).toEqual({
      level: 'debug',
      event: 'tick',
      sent: 3,
      wakeAt: '2027-03-01T12:00:00.000Z',
      msg: 'beat: Waking up at 2027-03-01T12:00:00.000Z',
    });
    expect(lineOf('tick', { sent: 0, wakeAt: Infinity })).toMatchObject({
      wakeAt: null,
      msg: 'beat: Waking up at no time',
    });
  });

  it('the difference between the clocks has its direction', () => {
    expect(lineOf('skew', { ms: 12, within: 3 })).toEqual({
      level: 'info',
      event: 'skew',
      ms: 12,
      within: 3,
      msg: "This host's clock is 12 ms ahead of the store's, give or take 3",
    });
    expect(lineOf('skew', { ms: -12, within: 3 })).toMatchObject({
      msg: "This host's clock is 12 ms behind the store's, give or take 3",
    });
    expect(lineOf('skew', { ms: 0, within: 3 })['msg']).toContain('0 ms ahead of');
  });

  it('the end is the last', () => {
    expect(lineOf('stopped')).toEqual({ level: 'info', event: 'stopped', msg: 'beat: Stopped' });
  });

  it.each([
    ['clock', "This host's clock and the store's agree again"],
    ['eviction', 'The store keeps what it was given again'],
    ['locks', 'All servers of the lock answer again'],
    ['outbox', 'No message waits in the outbox any more'],
  ] as const)('a danger (%s) that is over says what is well again', (kind, msg) => {
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

describe('the roles', () => {
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

  it('are lines with term and reason', () => {
    const { lines, events } = journal();
    events.emit('following', { reason: 'another leads' });
    events.emit('leading', { term: 7 });
    expect(lines).toMatchObject([
      { level: 'info', reason: 'another leads', msg: 'Following: another leads' },
      { level: 'info', term: 7, msg: 'Leading: term 7' },
    ]);
  });

  it('are debug lines from the second attempt at a term that does not begin', () => {
    expect(roles('leading', 'following', 'leading', 'following')).toEqual([
      'info leading',
      'info following',
      'debug leading',
      'debug following',
    ]);
  });

  it('are news again after a term that did begin', () => {
    expect(roles('leading', 'leading', 'scheduling', 'following', 'leading')).toEqual([
      'info leading',
      'debug leading',
      'info scheduling',
      'info following',
      'info leading',
    ]);
  });
});

describe('an outage', () => {
  /** Fails every second; answers the seconds after which it was told. */
  const reminders = (seconds: number) => {
    const { lines, clock, events } = journal('warning');
    for (let second = 0; second < seconds; second++) {
      events.reportFailure({ kind: 'commit' }, new Error('away'));
      clock.advance(1_000);
    }
    return lines.map(({ forMs }) => Number(forMs) / 1_000);
  };

  it('is logged at once, after 5 seconds, and then at intervals that double up to 10 minutes', () => {
    const growing = [0, 5, 15, 35, 75, 155, 315, 635];
    expect(reminders(2_500)).toEqual([...growing, 1_235, 1_835, 2_435]);
  });

  it('has a debug line for each failure in between, without its extent', () => {
    const { lines, events } = journal();
    events.reportFailure({ kind: 'commit' }, new Error('away'));
    events.reportFailure({ kind: 'commit' }, 'no error object');
    expect(lines).toMatchObject([
      { level: 'warn', event: 'failure', operation: { kind: 'commit' }, failures: 1, forMs: 0 },
      {
        level: 'debug',
        event: 'failure',
        operation: { kind: 'commit' },
        error: 'no error object',
        msg: 'Could not commit: no error object',
      },
    ]);
    expect(lines[0]).toMatchObject({ error: 'away', msg: 'Could not commit: away' });
    expect(lines[1]).not.toHaveProperty('failures');
  });

  it('says how often it failed and for how long, in a reminder and at its end', () => {
    const { lines, clock, events } = journal('info');
    events.reportFailure({ kind: 'lock', action: 'acquire' }, new Error('away'));
    clock.advance(5_250);
    events.reportFailure({ kind: 'lock', action: 'acquire' }, new Error('away'));
    clock.advance(1_000);
    events.reportRecovery({ kind: 'lock', action: 'acquire' });
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'Could not acquire the lock: away' },
      { level: 'warn', msg: 'Could not acquire the lock: away (2 failures in 5.3 s)' },
      {
        level: 'info',
        event: 'recovered',
        operation: { kind: 'lock', action: 'acquire' },
        failures: 2,
        forMs: 6_250,
        msg: 'It works again: acquire the lock (2 failures in 6.3 s)',
      },
    ]);
  });

  it('of one failure says so at its end', () => {
    const { lines, events } = journal('info');
    events.reportFailure({ kind: 'schedule', entry: 'a' }, new Error('broken'));
    events.reportRecovery({ kind: 'schedule', entry: 'a' });
    expect(lines[1]).toMatchObject({ msg: 'It works again: schedule a (one failure in 0.0 s)' });
  });

  it('that begins anew is logged at once again', () => {
    const { lines, events } = journal('info');
    for (let i = 0; i < 2; i++) {
      events.reportFailure({ kind: 'schedule', entry: 'a' }, new Error('broken'));
      events.reportRecovery({ kind: 'schedule', entry: 'a' });
    }
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn', 'info']);
  });

  it('of the store goes on until all of its operations work; each that does is a debug line', () => {
    const { lines, events } = journal();
    const operations: Operation[] = [
      { kind: 'commit' },
      { kind: 'lock', action: 'renew' },
      { kind: 'lock', action: 'release' },
      { kind: 'lock', action: 'acquire' },
      { kind: 'lead' },
    ];
    for (const operation of operations) events.reportFailure(operation, new Error('away'));
    for (const operation of operations) events.reportRecovery(operation);
    const logged = lines.map(({ level, event, operation }) =>
      [level, event, operationKey(operation as Operation)].join(' '),
    );
    expect(logged).toEqual([
      'warn failure commit',
      ...operations.slice(1).map((operation) => `debug failure ${operationKey(operation)}`),
      ...operations.slice(0, -1).map((operation) => `debug recovered ${operationKey(operation)}`),
      'info recovered lead',
    ]);
    expect(lines[5]).toMatchObject({ msg: 'It works again: commit' });
  });

  it.each([
    ['leading', { kind: 'lead' }],
    ['following', { kind: 'lock', action: 'acquire' }],
  ] as const)('of a term is over with the next role (%s), and names it: %s', (role, operation) => {
    const { lines, events } = journal('info');
    events.reportFailure({ kind: 'commit' }, new Error('away'));
    if (role === 'leading') events.emit('leading', { term: 8 });
    else events.emit('following', { reason: 'another leads' });
    expect(lines.at(-1)).toMatchObject({ event: 'recovered', operation, failures: 1 });
  });
});

describe('the levels', () => {
  it("have Celery's names", () => {
    const shown = (level: LogLevel) => {
      const { lines, events } = journal(level);
      events.emit('tick', { sent: 0, wakeAt: NOON });
      events.emit('stopped');
      events.emit('warning', { kind: 'clock', message: 'danger' });
      return lines.length;
    };
    const names = Object.keys(LOG_LEVELS) as LogLevel[];
    expect(names.map((name) => [name, shown(name)])).toEqual([
      ['debug', 3],
      ['info', 2],
      ['warning', 1],
      ['error', 0],
      ['critical', 0],
      ['fatal', 0],
    ]);
  });
});
