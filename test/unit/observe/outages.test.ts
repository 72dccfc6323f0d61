import { afterEach, describe, expect, test } from 'vitest';
import { Beat } from '../../../src/leader/beat.ts';
import { Events, type EventSource } from '../../../src/contracts/events/events.ts';
import { operationKey, type Operation } from '../../../src/contracts/events/beat-events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../src/drivers/memory/store.ts';
import { Queues } from '../../../src/celery/routing/queues.ts';
import { logEvents } from '../../../src/observe/log-events.ts';
import { createLogger, type LogLevel } from '../../../src/observe/logger.ts';
import { settle } from '../../support/settle.ts';

interface Line {
  readonly level: string;
  readonly event: string;
  readonly operation?: Operation;
  readonly msg: string;
}

function journalOf(events: EventSource, clock: ManualClock, level: LogLevel = 'info') {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  logEvents(events, createLogger({ level, destination }), clock);
  return (...names: string[]) => lines.filter(({ event }) => names.includes(event));
}

const summary = (lines: readonly Line[]) =>
  lines.map(({ level, event, operation }) => [level, event, operation && operationKey(operation)].join(' '));

describe('an outage of the store', () => {
  const beats: Beat[] = [];
  afterEach(async () => {
    for (const beat of beats.splice(0)) await beat.stop();
  });

  /** A leader whose store fails in every operation while it is away. */
  async function leader(level: LogLevel) {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const config = {
      brokerUrl: 'memory://',
      lock: { ttl: '8s' },
      beatSchedule: { greet: { task: 'tasks.greet', schedule: 1 } },
    };
    const {
      transport,
      keyPrefix,
      broker,
      lock: { ttl },
    } = new Beat(config).settings;
    const store = openMemoryStore({
      server: broker,
      locks: [],
      keyPrefix,
      transport,
      queues: new Queues(),
      clock,
      lockTtl: ttl,
    });
    let away = false;
    const unlessAway = <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
      ((...args) => (away ? Promise.reject(new Error('away')) : work(...args))) as typeof work;
    const { lock, ledger } = store;
    const acquire = lock.acquire.bind(lock);
    lock.acquire = unlessAway(async () => {
      const lease = await acquire();
      return lease && { renew: unlessAway(() => lease.renew()), release: unlessAway(() => lease.release()) };
    });
    lock.waitForRelease = (signal) => clock.sleep(Infinity, signal);
    ledger.commit = unlessAway(ledger.commit.bind(ledger));
    ledger.beginTerm = unlessAway(ledger.beginTerm.bind(ledger));
    const beat = new Beat(config, { clock, store });
    beats.push(beat);
    const lines = journalOf(beat, clock, level);
    const pass = async (seconds: number) => {
      for (let tenth = 0; tenth < 10 * seconds; tenth++) {
        clock.advance(100);
        await settle();
      }
    };
    await beat.start();
    await pass(2);
    return { lines, pass, setAway: (value: boolean) => (away = value) };
  }

  test('is one line when it begins, one when it ends, and debug lines for each failure', async () => {
    const { lines, pass, setAway } = await leader('debug');
    setAway(true);
    await pass(4);
    setAway(false);
    await pass(4);
    const [first, ...details] = lines('failure');
    expect(first).toMatchObject({
      level: 'warn',
      operation: { kind: 'commit' },
      msg: 'Commit failed: away; publishing paused, retrying',
    });
    expect(new Set(details.map(({ level }) => level))).toEqual(new Set(['debug']));
    expect(new Set(details.map(({ operation }) => operation && operationKey(operation)))).toEqual(
      new Set(['commit', 'lock renew']),
    );
    const [last, ...others] = lines('recovered').filter(({ level }) => level === 'info');
    expect(others).toEqual([]);
    expect(last).toMatchObject({ failures: details.length + 1 });
    expect(last?.msg).toMatch(/^Recovered: .* \(\d+ failures in \d\.\d s\)$/);
  });

  test('that outlasts the term is one outage, which ends when the lock is acquired again', async () => {
    const { lines, pass, setAway } = await leader('info');
    setAway(true);
    await pass(25);
    setAway(false);
    await pass(5);
    const faults = lines('failure');
    expect(faults.length).toBeLessThan(5);
    expect(summary(lines('recovered'))).toEqual(['info recovered lock acquire']);
    expect(lines('leading')).toHaveLength(2);
  });

  test('also ends for a follower, because it does not retry the operations of a leader', () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const events = new Events();
    const lines = journalOf(events, clock);
    const operations: Operation[] = [
      { kind: 'commit' },
      { kind: 'lock', action: 'renew' },
      { kind: 'lock', action: 'release' },
    ];
    for (const operation of operations) {
      events.reportFailure(operation, new Error('away'));
      clock.advance(1_000);
    }
    events.emit('following', { reason: 'the lock was lost' });
    expect(summary(lines('failure', 'following', 'recovered'))).toEqual([
      'warn failure commit',
      'info following ',
      'info recovered lock acquire',
    ]);
  });

  test('continues while the lock is unreachable', () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const events = new Events();
    const lines = journalOf(events, clock);
    events.reportFailure({ kind: 'lock', action: 'renew' }, new Error('away'));
    events.reportFailure({ kind: 'lock', action: 'acquire' }, new Error('away'));
    events.emit('following', { reason: 'the lock cannot be reached' });
    expect(lines('recovered')).toEqual([]);
    events.reportRecovery({ kind: 'lock', action: 'acquire' });
    expect(summary(lines('recovered'))).toEqual(['info recovered lock acquire']);
  });

  test('does not hide failures of other operations', () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const events = new Events();
    const lines = journalOf(events, clock);
    const operations: Operation[] = [
      { kind: 'commit' },
      { kind: 'schedule', entry: 'greet' },
      { kind: 'publish', entry: 'greet', target: 'queue "q"' },
    ];
    for (const operation of operations) {
      events.reportFailure(operation, new Error('wrong'));
    }
    events.reportRecovery({ kind: 'publish', entry: 'a', target: 'queue "q"' });
    expect(summary(lines('failure', 'recovered'))).toEqual([
      'warn failure commit',
      'warn failure schedule greet',
      'warn failure publish queue "q"',
      'info recovered publish queue "q"',
    ]);
  });
});
