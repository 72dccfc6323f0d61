import { afterEach, describe, expect, test } from 'vitest';
import { Beat } from '../../../src/beat.ts';
import { Events, type EventSource } from '../../../src/events/events.ts';
import { operationKey, type Operation } from '../../../src/events/operation.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../src/drivers/memory/store.ts';
import { Queues } from '../../../src/routing/queues.ts';
import { createLogger, logEvents, type LogLevel } from '../../../src/observe/log.ts';
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

const told = (lines: readonly Line[]) =>
  lines.map(({ level, event, operation }) =>
    [level, event, operation && operationKey(operation)].join(' '),
  );

describe('an outage of the store', () => {
  const beats: Beat[] = [];
  afterEach(async () => {
    for (const beat of beats.splice(0)) await beat.stop();
  });

  /** A leader on a store that can be made to fail in all that it does. */
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
      brokerUrl,
      lock: { ttl },
    } = new Beat(config).settings;
    const store = openMemoryStore({
      ...{ brokerUrl, lockUrls: [], keyPrefix, transport, queues: new Queues(), clock },
      lockTtl: ttl,
    });
    let away = false;
    const unlessAway = <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
      ((...args) => (away ? Promise.reject(new Error('away')) : work(...args))) as typeof work;
    const { lock, ledger } = store;
    const acquire = lock.acquire.bind(lock);
    lock.acquire = unlessAway(async () => {
      const lease = await acquire();
      return (
        lease && {
          renew: unlessAway(() => lease.renew()),
          release: unlessAway(() => lease.release()),
        }
      );
    });
    lock.released = (signal) => clock.sleep(Infinity, signal);
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

  test('is one line when it begins, one when it is over, and what failed in it is in the debug log', async () => {
    const { lines, pass, setAway } = await leader('debug');
    setAway(true);
    await pass(4);
    setAway(false);
    await pass(4);
    const [first, ...details] = lines('failure');
    expect(first).toMatchObject({
      level: 'warn',
      operation: { kind: 'commit' },
      msg: 'Could not commit: away',
    });
    expect(new Set(details.map(({ level }) => level))).toEqual(new Set(['debug']));
    expect(new Set(details.map(({ operation }) => operation && operationKey(operation)))).toEqual(
      new Set(['commit', 'lock renew']),
    );
    const [last, ...others] = lines('recovered').filter(({ level }) => level === 'info');
    expect(others).toEqual([]);
    expect(last).toMatchObject({ failures: details.length + 1 });
    expect(last?.msg).toMatch(/^It works again: .* \(\d+ failures in \d\.\d s\)$/);
  });

  test('that outlasts the term is one outage still, and over when the lock is won again', async () => {
    const { lines, pass, setAway } = await leader('info');
    setAway(true);
    await pass(25);
    setAway(false);
    await pass(5);
    const faults = lines('failure');
    expect(faults.length).toBeLessThan(5);
    expect(told(lines('recovered'))).toEqual(['info recovered lock acquire']);
    expect(lines('leading')).toHaveLength(2);
  });

  test('is over for a follower too, that will not try again what it could not do as a leader', () => {
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
    // The lock was asked for and answered: it is another's.
    events.emit('following', { reason: 'the lock was lost' });
    expect(told(lines('failure', 'following', 'recovered'))).toEqual([
      'warn failure commit',
      'info following ',
      'info recovered lock acquire',
    ]);
  });

  test('goes on while the lock cannot be reached, whatever a term left undone', () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const events = new Events();
    const lines = journalOf(events, clock);
    events.reportFailure({ kind: 'lock', action: 'renew' }, new Error('away'));
    events.reportFailure({ kind: 'lock', action: 'acquire' }, new Error('away'));
    events.emit('following', { reason: 'the lock cannot be reached' });
    expect(lines('recovered')).toEqual([]);
    events.reportRecovery({ kind: 'lock', action: 'acquire' });
    expect(told(lines('recovered'))).toEqual(['info recovered lock acquire']);
  });

  test('hides no fault that is none of the store', () => {
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
    expect(told(lines('failure', 'recovered'))).toEqual([
      'warn failure commit',
      'warn failure schedule greet',
      'warn failure publish queue "q"',
      'info recovered publish queue "q"',
    ]);
  });
});
