import { describe, expect, test } from 'vitest';
import { operationKey, type Operation } from '../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../src/contracts/events/events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { logEvents } from '../../../src/observe/log-events.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { createLogger, type LogLevel } from '../../../src/observe/logger.ts';

type Line = Record<string, unknown>;

function journal(level: LogLevel = 'debug') {
  const lines: Line[] = [];
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  logEvents(events, createLogger({ level, destination: { write } }), clock);
  return { lines, clock, events };
}

describe('the log of an outage', () => {
  /** Fails every second, and returns the seconds after which a line was logged. */
  const reminders = (seconds: number) => {
    const { lines, clock, events } = journal('warning');
    for (let second = 0; second < seconds; second++) {
      events.reportFailure({ kind: 'commit' }, new Error('away'));
      clock.advance(1_000);
    }
    return lines.map(({ forMs }) => Number(forMs) / 1_000);
  };

  test('is written at once, after 5 seconds, and then at intervals that double up to 10 minutes', () => {
    const growing = [0, 5, 15, 35, 75, 155, 315, 635];
    expect(reminders(2_500)).toEqual([...growing, 1_235, 1_835, 2_435]);
  });

  test('has a debug line for each failure in between, without its extent', () => {
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
        msg: 'Commit failed: no error object; publishing paused, retrying',
      },
    ]);
    expect(lines[0]).toMatchObject({ error: 'away', msg: 'Commit failed: away; publishing paused, retrying' });
    expect(lines[1]).not.toHaveProperty('failures');
  });

  test('counts failures and seconds in a reminder and at the recovery', () => {
    const { lines, clock, events } = journal('info');
    events.reportFailure({ kind: 'lock', action: 'acquire' }, new Error('away'));
    clock.advance(5_250);
    events.reportFailure({ kind: 'lock', action: 'acquire' }, new Error('away'));
    clock.advance(1_000);
    events.reportRecovery({ kind: 'lock', action: 'acquire' });
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'Lock could not be acquired: away; this instance cannot lead, retrying' },
      {
        level: 'warn',
        msg: 'Lock could not be acquired: away; this instance cannot lead, retrying (2 failures in 5.3 s)',
      },
      {
        level: 'info',
        event: 'recovered',
        operation: { kind: 'lock', action: 'acquire' },
        failures: 2,
        forMs: 6_250,
        msg: 'Recovered: lock acquisition (2 failures in 6.3 s)',
      },
    ]);
  });

  test('says 1 failure where there was one', () => {
    const { lines, events } = journal('info');
    events.reportFailure({ kind: 'schedule', entry: 'a' }, new Error('broken'));
    events.reportRecovery({ kind: 'schedule', entry: 'a' });
    expect(lines[1]).toMatchObject({ msg: 'Recovered: schedule of entry a (1 failure in 0.0 s)' });
  });

  test('begins again at once with the next outage', () => {
    const { lines, events } = journal('info');
    for (let i = 0; i < 2; i++) {
      events.reportFailure({ kind: 'schedule', entry: 'a' }, new Error('broken'));
      events.reportRecovery({ kind: 'schedule', entry: 'a' });
    }
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn', 'info']);
  });

  test('of the store ends when all of its operations have recovered; each recovery before is a debug line', () => {
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
    expect(lines[5]).toMatchObject({ msg: 'Recovered: commits' });
  });

  test.each([
    ['leading', { kind: 'lead' }],
    ['following', { kind: 'lock', action: 'acquire' }],
  ] as const)('of a term ends with the next role: %s', (role, operation) => {
    const { lines, events } = journal('info');
    events.reportFailure({ kind: 'commit' }, new Error('away'));
    if (role === 'leading') events.emit('leading', { term: 8 });
    else events.emit('following', { reason: 'another leads' });
    expect(lines.at(-1)).toMatchObject({ event: 'recovered', operation, failures: 1 });
  });
});

const entry = 'greet';
const TEXTS: readonly (readonly [Operation, failure: string, recovery: string])[] = [
  [
    { kind: 'lock', action: 'acquire' },
    'Lock could not be acquired: broken; this instance cannot lead, retrying',
    'lock acquisition',
  ],
  [
    { kind: 'lock', action: 'renew' },
    'Lock could not be renewed: broken; retrying, leadership ends before the lock expires',
    'lock renewal',
  ],
  [
    { kind: 'lock', action: 'release' },
    'Lock could not be released: broken; another instance can lead when it expires',
    'lock release',
  ],
  [{ kind: 'lead' }, 'Term could not begin: broken; not leading, retrying', 'leadership'],
  [{ kind: 'commit' }, 'Commit failed: broken; publishing paused, retrying', 'commits'],
  [
    { kind: 'commit-entry', entry },
    'Store rejected the commit of entry greet: broken; its run is delayed, retrying',
    'commits of entry greet',
  ],
  [{ kind: 'read-state', entry }, 'Stored state of entry greet is unreadable: broken', 'stored state of entry greet'],
  [
    { kind: 'schedule', entry },
    'Schedule of entry greet failed: broken; the entry does not run until the next term',
    'schedule of entry greet',
  ],
  [
    { kind: 'prepare', entry },
    'Run of entry greet could not be prepared: broken; its run is delayed, retrying',
    'entry greet',
  ],
  [
    { kind: 'publish', entry, target: 'queue "q"' },
    'Publishing entry greet to queue "q" failed: broken',
    'publishing to queue "q"',
  ],
  [
    { kind: 'register-chords' },
    'Registration of chord sizes failed: broken; these chords are delayed, retrying',
    'registration of chord sizes',
  ],
  [{ kind: 'commands' }, 'Commands could not be applied: broken; commands wait in the log, retrying', 'commands'],
  [{ kind: 'task-events' }, 'Publishing task events failed: broken', 'task events'],
  [
    { kind: 'listener', event: 'sent' },
    'Listener of "sent" failed: broken; scheduling is not affected',
    'listener of "sent"',
  ],
];

describe('the log line of a failure', () => {
  test.each(TEXTS)('names what failed, the effect and the next step: %j', (operation, msg, name) => {
    const { lines, events } = journal();
    events.reportFailure(operation, new Error('broken'));
    events.reportRecovery(operation);
    expect(lines).toMatchObject([
      { level: 'warn', event: 'failure', operation, error: 'broken', msg },
      { level: 'info', event: 'recovered', operation, msg: `Recovered: ${name} (1 failure in 0.0 s)` },
    ]);
  });

  test('names the server if it is unreachable', () => {
    const { lines, events } = journal();
    const reason = 'connect ECONNREFUSED 127.0.0.1:6379';
    const message = `ledger.commit: no connection to Redis: ${reason}`;
    const unreachable = { server: 'Redis', reason };
    events.reportFailure({ kind: 'commit' }, new StoreError(message, { unreachable }));
    expect(lines).toMatchObject([
      { error: message, msg: `Redis unreachable (${reason}); publishing paused, retrying` },
    ]);
  });

  test('masks passwords in URLs', () => {
    const { lines, events } = journal();
    const text = 'redis://user:secret@host/0';
    const unreachable = { server: 'Redis', reason: text };
    events.reportFailure({ kind: 'commit' }, new StoreError(text, { unreachable }));
    events.reportFailure({ kind: 'task-events' }, new Error(text));
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});
