import { describe, expect, test } from 'vitest';
import { Events } from '../../../src/events/events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { asText, createLogger, logEvents, type LogLevel } from '../../../src/observe/log.ts';
import { Progress } from '../../../src/observe/progress.ts';
import { nextEvent } from '../../support/next-event.ts';
import { operationKey } from '../../../src/events/operation.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

function logged({ level = 'info' }: { level?: LogLevel } = {}) {
  const lines: string[] = [];
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const destination = { write: (line: string) => void lines.push(line.trimEnd()) };
  logEvents(events, createLogger({ level, destination }), clock);
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lines, parsed, clock, events };
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

describe('the log', () => {
  test('one line of JSON for every task sent, with how late it was', () => {
    const { parsed, events } = logged();
    events.emit('sent', run);
    expect(parsed()).toMatchObject([
      {
        level: 'info',
        event: 'sent',
        entry: 'greet',
        taskId: 'id-1',
        dueAt: '2027-03-01T12:00:00.000Z',
        latenessMs: 12,
        term: 7,
        msg: 'Scheduler: Sending due task greet (tasks.greet) id=id-1',
      },
    ]);
  });

  test('text shows a person the level, the time and the message of a line, and no fields', async () => {
    const lines: string[] = [];
    const destination = await asText({ write: (line) => void lines.push(line) });
    createLogger({ level: 'info', destination }).warn({ event: 'sent', task: 't' }, 'Sending t');
    expect(lines.join('')).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] WARN: Sending t\n$/);
  });

  test('what is not sent is told with its reason', () => {
    const { parsed, events } = logged();
    events.emit('skipped', {
      entry: 'greet',
      reason: 'deadline',
      first: NOON,
      last: NOON,
      count: 1,
    });
    expect(parsed()).toMatchObject([
      {
        level: 'warn',
        reason: 'deadline',
        msg: 'One run of greet of 2027-03-01T12:00:00.000Z not sent: their starting deadline has passed',
      },
    ]);
  });

  test('an outage of an hour is a line when it begins, a few more, and one when it ends', () => {
    const { parsed, clock, events } = logged();
    for (let second = 0; second < 3_600; second++) {
      events.reportFailure({ kind: 'commit' }, new Error('Redis is away'));
      clock.advance(1_000);
    }
    events.reportRecovery({ kind: 'commit' });
    events.reportRecovery({ kind: 'commit' });
    const faults = parsed().filter((line) => line['event'] === 'failure');
    expect(faults.length).toBeGreaterThan(3);
    expect(faults.length).toBeLessThan(15);
    expect(faults[0]).toMatchObject({
      operation: { kind: 'commit' },
      error: 'Redis is away',
      failures: 1,
    });
    expect(faults.at(-1)?.['msg']).toMatch(
      /^Could not commit: Redis is away \(\d+ failures in \d+\.0 s\)$/,
    );
    expect(parsed().filter((line) => line['event'] === 'recovered')).toMatchObject([
      { failures: 3_600, forMs: 3_600_000 },
    ]);
  });

  test('a term that cannot begin is news once, however often it is tried', () => {
    const { parsed, events } = logged();
    for (let term = 1; term <= 100; term++) {
      events.emit('leading', { term });
      events.reportFailure({ kind: 'lead' }, new Error('a record cannot be read'));
      events.emit('following', { reason: 'a record cannot be read' });
    }
    expect(parsed().map(({ event }) => event)).toEqual(['leading', 'failure', 'following']);
    events.emit('scheduling', { term: 101, entries: 1, changes: {}, ledgerLost: false });
    events.emit('following', { reason: 'the lock was lost' });
    expect(parsed().at(-1)).toMatchObject({ event: 'following', reason: 'the lock was lost' });
  });

  test('lines below the level are not written', () => {
    const { lines, events } = logged({ level: 'warning' });
    events.emit('sent', run);
    expect(lines).toEqual([]);
  });

  test('a ledger that was lost is one warning', () => {
    const { parsed, events } = logged();
    events.emit('scheduling', { term: 8, entries: 3, changes: { added: 3 }, ledgerLost: true });
    expect(parsed()).toMatchObject([{ level: 'warn', ledgerLost: true }]);
    expect(parsed()[0]?.['msg']).toContain('The ledger was lost');
  });

  test('a danger is one warning when it begins, and a line when it is over', () => {
    const { parsed, events } = logged();
    const text = "This host's clock is 2.3 s ahead";
    for (const message of [text, text, null, null]) events.warn('clock', message);
    expect(parsed()).toMatchObject([
      { level: 'warn', event: 'warning', kind: 'clock', msg: text },
      { level: 'info', event: 'warning', kind: 'clock', resolved: true },
    ]);
  });

  test('how far the clocks are apart is told once, then in the debug log', () => {
    const { lines, parsed, events } = logged({ level: 'debug' });
    events.emit('skew', { ms: -12, within: 1 });
    events.emit('skew', { ms: -13, within: 1 });
    expect(parsed()).toMatchObject([
      { level: 'info', event: 'skew', ms: -12, within: 1 },
      { level: 'debug', event: 'skew', ms: -13, within: 1 },
    ]);
    expect(lines).toHaveLength(2);
  });
});

describe('the events', () => {
  test('a listener that throws hinders nobody, and is told of', () => {
    const events = new Events();
    const heard: unknown[] = [];
    events.on('sent', () => {
      throw new Error('mine');
    });
    events.on('sent', (event) => heard.push(event));
    events.on('failure', ({ operation }) => heard.push(operationKey(operation)));
    events.emit('sent', run);
    expect(heard).toEqual(['listener sent', run]);
  });

  test('an async listener that fails is told of too, and ends no process', async () => {
    const events = new Events();
    const fault = nextEvent(events, 'failure');
    const error = new Error('mine');
    const failing: () => unknown = () => Promise.reject(error);
    events.on('sent', failing);
    events.emit('sent', run);
    expect(await fault).toEqual([{ operation: { kind: 'listener', event: 'sent' }, error }]);
  });
});

describe('progress', () => {
  test('a loop that is silent for 60 seconds is stuck, and no more once it progresses', () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const progress = new Progress(clock);
    clock.advance(59_999);
    expect({ silence: progress.silence, advancing: progress.advancing }).toEqual({
      silence: 59_999,
      advancing: true,
    });
    clock.advance(1);
    expect(progress.advancing).toBe(false);
    progress.made();
    expect({ silence: progress.silence, advancing: progress.advancing }).toEqual({
      silence: 0,
      advancing: true,
    });
  });
});
