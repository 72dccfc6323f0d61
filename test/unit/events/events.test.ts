import { describe, expect, test } from 'vitest';
import { Events } from '../../../src/events/events.ts';
import { settled } from '../../support/settle.ts';

/** The events of one kind, as they come. */
function rig() {
  const events = new Events();
  const announced: string[] = [];
  events.on('fault', ({ operation, error }) =>
    announced.push(`fault ${operation}: ${String(error)}`),
  );
  events.on('recovered', ({ operation }) => announced.push(`recovered ${operation}`));
  events.on('warning', ({ about, message }) => announced.push(`warning ${about}: ${message}`));
  return { events, announced };
}

describe('faults', () => {
  test('are announced at every failure, and their end once', () => {
    const { events, announced } = rig();
    events.worked('commit');
    events.failed('commit', 'no connection');
    events.failed('commit', 'refused');
    events.worked('commit');
    events.worked('commit');
    expect(announced).toEqual([
      'fault commit: no connection',
      'fault commit: refused',
      'recovered commit',
    ]);
  });

  test('of one operation end without those of another', () => {
    const { events, announced } = rig();
    events.failed('lead', 'a');
    events.failed('commit', 'b');
    events.worked('lead');
    expect(announced.slice(2)).toEqual(['recovered lead']);
    events.worked('commit');
    expect(announced.slice(3)).toEqual(['recovered commit']);
  });

  test('that come again after their end are announced again', () => {
    const { events, announced } = rig();
    for (let i = 0; i < 2; i++) {
      events.failed('lead', 'a');
      events.worked('lead');
    }
    expect(announced).toEqual([
      'fault lead: a',
      'recovered lead',
      'fault lead: a',
      'recovered lead',
    ]);
  });
});

describe('warnings', () => {
  test('are announced when they begin, when their words change, and when they end', () => {
    const { events, announced } = rig();
    events.warn('clock', null);
    events.warn('clock', 'one second off');
    events.warn('clock', 'one second off');
    events.warn('clock', 'two seconds off');
    events.warn('clock', null);
    events.warn('clock', null);
    expect(announced).toEqual([
      'warning clock: one second off',
      'warning clock: two seconds off',
      'warning clock: null',
    ]);
  });

  test('of two kinds are kept apart', () => {
    const { events, announced } = rig();
    events.warn('clock', 'off');
    events.warn('locks', 'off');
    events.warn('clock', null);
    events.warn('locks', 'off');
    expect(announced).toEqual(['warning clock: off', 'warning locks: off', 'warning clock: null']);
  });
});

describe('a listener that throws', () => {
  const sent = { sent: 1, wakeAt: 5 };

  test('is reported with the event it listens to, and the other listeners receive that event', () => {
    const { events, announced } = rig();
    const received: object[] = [];
    events.on('tick', () => {
      throw new Error('broken');
    });
    events.on('tick', (event) => received.push(event));
    events.announce('tick', sent);
    expect(announced).toEqual(['fault a listener of "tick": Error: broken']);
    expect(received).toEqual([sent]);
  });

  test('later, in a promise, is reported the same way', async () => {
    const { events, announced } = rig();
    events.on('tick', (): unknown => Promise.reject(new Error('broken later')));
    events.announce('tick', sent);
    await settled();
    expect(announced).toEqual(['fault a listener of "tick": Error: broken later']);
  });

  test('called for a fault starts no endless chain of faults', async () => {
    const events = new Events();
    let calls = 0;
    events.on('fault', () => {
      calls += 1;
      throw new Error('broken');
    });
    events.on('fault', (): unknown => Promise.reject(new Error('broken later')));
    events.failed('commit', 'no connection');
    await settled();
    expect(calls).toBe(1);
  });

  test('that was to be called once is called once', () => {
    const { events, announced } = rig();
    events.once('tick', () => {
      throw new Error('broken');
    });
    events.announce('tick', sent);
    events.announce('tick', sent);
    expect(announced).toHaveLength(1);
  });
});

test('a listener is called with the events as "this", as in every EventEmitter', () => {
  const events = new Events();
  const seen: unknown[] = [];
  events.on('stopped', function (this: unknown) {
    seen.push(this);
  });
  events.announce('stopped');
  expect(seen).toEqual([events]);
});
