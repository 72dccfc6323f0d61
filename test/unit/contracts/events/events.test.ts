import { describe, expect, test } from 'vitest';
import { Events } from '../../../../src/contracts/events/events.ts';
import { operationKey } from '../../../../src/contracts/events/beat-events.ts';
import { settle } from '../../../support/settle.ts';

/** The events of one kind, as they come. */
function rig() {
  const events = new Events();
  const emitted: string[] = [];
  events.on('failure', ({ operation, error }) => emitted.push(`failure ${operationKey(operation)}: ${String(error)}`));
  events.on('recovered', ({ operation }) => emitted.push(`recovered ${operationKey(operation)}`));
  events.on('warning', ({ kind, message }) => emitted.push(`warning ${kind}: ${message}`));
  return { events, emitted };
}

describe('events: a failure', () => {
  test('is emitted every time, and its recovery once', () => {
    const { events, emitted } = rig();
    events.reportRecovery({ kind: 'commit' });
    events.reportFailure({ kind: 'commit' }, 'no connection');
    events.reportFailure({ kind: 'commit' }, 'refused');
    events.reportRecovery({ kind: 'commit' });
    events.reportRecovery({ kind: 'commit' });
    expect(emitted).toEqual(['failure commit: no connection', 'failure commit: refused', 'recovered commit']);
  });

  test('of one operation recovers apart from another operation', () => {
    const { events, emitted } = rig();
    events.reportFailure({ kind: 'lead' }, 'a');
    events.reportFailure({ kind: 'commit' }, 'b');
    events.reportRecovery({ kind: 'lead' });
    expect(emitted.slice(2)).toEqual(['recovered lead']);
    events.reportRecovery({ kind: 'commit' });
    expect(emitted.slice(3)).toEqual(['recovered commit']);
  });

  test('that comes again after its recovery is emitted again', () => {
    const { events, emitted } = rig();
    for (let i = 0; i < 2; i++) {
      events.reportFailure({ kind: 'lead' }, 'a');
      events.reportRecovery({ kind: 'lead' });
    }
    expect(emitted).toEqual(['failure lead: a', 'recovered lead', 'failure lead: a', 'recovered lead']);
  });
});

describe('events: a warning', () => {
  test('is emitted when the condition begins, when its message changes and when it ends', () => {
    const { events, emitted } = rig();
    events.warn('clock', null);
    events.warn('clock', 'one second off');
    events.warn('clock', 'one second off');
    events.warn('clock', 'two seconds off');
    events.warn('clock', null);
    events.warn('clock', null);
    expect(emitted).toEqual(['warning clock: one second off', 'warning clock: two seconds off', 'warning clock: null']);
  });

  test('of one kind does not affect another kind', () => {
    const { events, emitted } = rig();
    events.warn('clock', 'off');
    events.warn('locks', 'off');
    events.warn('clock', null);
    events.warn('locks', 'off');
    expect(emitted).toEqual(['warning clock: off', 'warning locks: off', 'warning clock: null']);
  });
});

describe('events: a listener that throws', () => {
  const sent = { sent: 1, wakeAt: 5 };

  test('is reported with its event, and other listeners receive the event', () => {
    const { events, emitted } = rig();
    const received: object[] = [];
    events.on('tick', () => {
      throw new Error('broken');
    });
    events.on('tick', (event) => received.push(event));
    events.emit('tick', sent);
    expect(emitted).toEqual(['failure listener tick: Error: broken']);
    expect(received).toEqual([sent]);
  });

  test('or rejects later is reported in the same way', async () => {
    const { events, emitted } = rig();
    events.on('tick', (): unknown => Promise.reject(new Error('broken later')));
    events.emit('tick', sent);
    await settle();
    expect(emitted).toEqual(['failure listener tick: Error: broken later']);
  });

  test('on a failure event is not reported, so that it cannot fail forever', async () => {
    const events = new Events();
    let calls = 0;
    events.on('failure', () => {
      calls += 1;
      throw new Error('broken');
    });
    events.on('failure', (): unknown => Promise.reject(new Error('broken later')));
    events.reportFailure({ kind: 'commit' }, 'no connection');
    await settle();
    expect(calls).toBe(1);
  });

  test('and was added with once is called only once', () => {
    const { events, emitted } = rig();
    events.once('tick', () => {
      throw new Error('broken');
    });
    events.emit('tick', sent);
    events.emit('tick', sent);
    expect(emitted).toHaveLength(1);
  });
});

test('events: a publish that works for one entry recovers the target for all entries', () => {
  const { events, emitted } = rig();
  events.reportFailure({ kind: 'publish', entry: 'a', target: 'queue "q"' }, 'rejected');
  events.reportRecovery({ kind: 'publish', entry: 'b', target: 'queue "r"' });
  events.reportRecovery({ kind: 'publish', entry: 'b', target: 'queue "q"' });
  expect(emitted).toEqual(['failure publish queue "q": rejected', 'recovered publish queue "q"']);
});

test('events: a failure to schedule an entry and one to prepare its run recover separately', () => {
  const { events, emitted } = rig();
  events.reportFailure({ kind: 'schedule', entry: 'a' }, 'broken');
  events.reportRecovery({ kind: 'prepare', entry: 'a' });
  events.reportRecovery({ kind: 'schedule', entry: 'b' });
  expect(emitted).toEqual(['failure schedule a: broken']);
  events.reportRecovery({ kind: 'schedule', entry: 'a' });
  expect(emitted).toHaveLength(2);
});

test.each(['on', 'once'] as const)('events: a listener that was added with %s and is removed is not called', (add) => {
  const { events } = rig();
  const called: string[] = [];
  const listener = () => called.push('stopped');
  events[add]('stopped', listener).off('stopped', listener).emit('stopped');
  expect(called).toEqual([]);
});

test('events: every listener of an event is called, although one of them removes itself', () => {
  const { events } = rig();
  const called: string[] = [];
  const first = () => {
    events.off('stopped', first);
    called.push('first');
  };
  events.on('stopped', first).on('stopped', () => called.push('second'));
  events.emit('stopped');
  events.emit('stopped');
  expect(called).toEqual(['first', 'second', 'second']);
});
