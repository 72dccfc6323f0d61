import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/util/clock.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { Leadership } from '../../../../src/leader/scheduling/leadership.ts';
import { TermEnded, type Term } from '../../../../src/leader/scheduling/term.ts';
import type { Lease, Lock } from '../../../../src/contracts/store/lock.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { memoryLock, newLockState } from '../../../../src/drivers/memory/lock.ts';
import { Stop } from '../../../../src/util/grace-period.ts';
import { settle } from '../../../support/settle.ts';
import { operationKey } from '../../../../src/contracts/events/beat-events.ts';

const TTL = 9_000;

/** One instance whose lock, ledger and work a test plays. */
class Instance {
  readonly events = new Events();
  readonly terms: Term[] = [];
  readonly reasons: string[] = [];
  readonly faults: string[] = [];
  readonly stop = new AbortController();
  readonly done: Promise<void>;
  /** How often it reported progress while it followed. */
  progress = 0;
  /** What `random` returns. */
  chance = 0.5;
  static numbers = 0;

  constructor(
    lock: Lock,
    clock: Clock,
    work: (term: Term) => Promise<void> = untilOver,
    beginTerm: (stop?: AbortSignal) => Promise<number> = async () => ++Instance.numbers,
  ) {
    this.events.on('following', ({ reason }) => this.reasons.push(reason));
    this.events.on('failure', ({ operation }) => this.faults.push(operationKey(operation)));
    const leadership = new Leadership({
      lock,
      ledger: { beginTerm },
      clock,
      events: this.events,
      ttl: TTL,
      onProgress: () => (this.progress += 1),
      random: () => this.chance,
    });
    const lead = async (term: Term) => {
      this.terms.push(term);
      await Promise.race([work(term), aborted(this.stop.signal)]);
    };
    this.done = leadership.run(lead, this.stop.signal);
  }

  get leads(): boolean {
    return this.terms.at(-1)?.trusted ?? false;
  }
}

const untilOver = (term: Term) => aborted(term.signal);

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(left, 100));
    await settle();
  }
}

/** A lock without other candidates, whose renewals the test answers. */
function lockOf(renew: () => Promise<boolean>): Lock {
  const lease: Lease = { renew, release: async () => {} };
  return { acquire: async () => lease, waitForRelease: () => new Promise(() => {}), close: async () => {} };
}

describe('leadership of two instances:', () => {
  function pair() {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const state = newLockState();
    const make = () => new Instance(memoryLock(state, TTL, clock), clock);
    return { clock, state, make };
  }

  test('one leads and the other follows, for as long as the first renews', async () => {
    const { clock, make } = pair();
    const [a, b] = [make(), make()];
    await pass(clock, 10 * TTL);
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect(a.terms).toHaveLength(1);
    expect(b.reasons).toEqual(['another instance holds the lock']);
  });

  test('a clean stop hands over at once, without time passing', async () => {
    const { make } = pair();
    const [a, b] = [make(), make()];
    await settle();
    a.stop.abort();
    await a.done;
    await settle();
    expect(b.leads).toBe(true);
    expect(b.terms[0]!.token).toBeGreaterThan(a.terms[0]!.token);
  });

  test('instances that cannot begin a term report once that they follow, and again after they led', async () => {
    const { clock, state } = pair();
    let away = true;
    const beginTerm = async () => {
      if (away) throw new Error('the broker is away');
      return ++Instance.numbers;
    };
    const make = () => new Instance(memoryLock(state, TTL, clock), clock, untilOver, beginTerm);
    const both = [make(), make()];
    await pass(clock, 10 * TTL);
    for (const { faults, reasons } of both) {
      expect(faults.length).toBeGreaterThan(5);
      expect(reasons.length).toBeLessThanOrEqual(1);
    }

    away = false;
    await pass(clock, TTL);
    const leader = both.find(({ leads }) => leads)!;
    state.holder = { renew: async () => true, release: async () => {} };
    await pass(clock, TTL);
    expect(leader.reasons.at(-1)).toBe('the lock was lost');
  });

  test('after a crash the follower leads within the TTL and one retry', async () => {
    const { clock, state, make } = pair();
    await memoryLock(state, TTL, clock).acquire();
    const b = make();
    await pass(clock, TTL - 100);
    expect(b.leads).toBe(false);
    await pass(clock, 100 + TTL / 8);
    expect(b.leads).toBe(true);
  });
});

describe('leadership, the trust window:', () => {
  test('each renewal is an event that has how long the leader may publish', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const instance = new Instance(
      lockOf(async () => true),
      clock,
    );
    const trusted: number[] = [];
    instance.events.on('renewed', ({ trustedForMs }) => trusted.push(trustedForMs));
    await pass(clock, 0.8 * TTL);
    expect(trusted).toEqual([TTL * 0.9, TTL * 0.9]);
    instance.stop.abort();
  });

  test('a slow renewal extends it only from the start of the attempt', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const answers: ((ours: boolean) => void)[] = [];
    const instance = new Instance(
      lockOf(() => new Promise((resolve) => answers.push(resolve))),
      clock,
    );
    await settle();
    await pass(clock, TTL / 3);
    const askedAt = clock.monotonic();
    await pass(clock, 4_000);
    answers[0]!(true);
    await settle();
    await pass(clock, askedAt + TTL * 0.9 - clock.monotonic() - 100);
    expect(instance.terms[0]!.trusted).toBe(true);
    await pass(clock, 100);
    expect(instance.terms[0]!.trusted).toBe(false);
    instance.stop.abort();
  });

  test('a renewal without an answer ends the term before the lock expires', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const instance = new Instance(
      lockOf(() => new Promise(() => {})),
      clock,
    );
    await settle();
    await pass(clock, TTL * 0.9);
    expect(instance.terms[0]!.signal.aborted).toBe(true);
    instance.stop.abort();
  });

  test('a failed renewal is retried while the lock is trusted', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    let failures = 3;
    const instance = new Instance(
      lockOf(async () => {
        if (failures-- > 0) throw new Error('Redis is away');
        return true;
      }),
      clock,
    );
    await pass(clock, 3 * TTL);
    expect(instance.leads).toBe(true);
    expect(instance.terms).toHaveLength(1);
    expect(instance.faults).toEqual(Array(3).fill('lock renew'));
    instance.stop.abort();
  });

  test('a process that was frozen does not trust its lock, even before a timer fires', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const instance = new Instance(
      lockOf(async () => true),
      clock,
    );
    await settle();
    clock.advance(TTL);
    expect(instance.terms[0]!.trusted).toBe(false);
    instance.stop.abort();
  });

  test('the loss of the lock to another instance ends the term at once, and the instance follows again', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const instance = new Instance(
      lockOf(async () => false),
      clock,
    );
    await settle();
    await pass(clock, TTL / 3 + TTL / 8);
    expect(instance.terms[0]!.signal.reason).toBe('the lock was lost');
    expect(instance.terms.length).toBeGreaterThan(1);
    instance.stop.abort();
  });
});

test('leadership: a term that ends by itself releases the lock, and the instance follows again and says why', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const state = newLockState();
  let failures = 1;
  const instance = new Instance(memoryLock(state, TTL, clock), clock, async (term) => {
    if (failures-- > 0) throw new TermEnded('another term has begun');
    await untilOver(term);
  });
  await settle();
  expect(state.holder).toBeNull();
  await pass(clock, TTL / 8);
  expect(instance.terms).toHaveLength(2);
  expect(instance.reasons).toEqual(['another term has begun']);
  expect(instance.faults).toEqual([]);
  instance.stop.abort();
});

test('leadership: work that ends during a renewal releases the lock without waiting for the answer', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const end = Promise.withResolvers<never>();
  let released = false;
  const lease: Lease = {
    renew: () => new Promise(() => {}),
    release: async () => {
      released = true;
    },
  };
  const lock = { ...lockOf(async () => true), acquire: async () => lease };
  const instance = new Instance(lock, clock, () => end.promise);
  await pass(clock, TTL / 3);
  expect(released).toBe(false);
  end.reject(new TermEnded('another term has begun'));
  await settle();
  expect(released).toBe(true);
  instance.stop.abort();
});

test.each(['the lock is lost', 'a stop comes'])(
  'a term that waits for another store to begin is given up when %s',
  async (why) => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    let givenUp = 0;
    const beginTerm = (signal?: AbortSignal) =>
      new Promise<number>((_, reject) => {
        signal?.addEventListener('abort', () => {
          givenUp += 1;
          reject(new Error('given up'));
        });
      });
    const instance = new Instance(
      lockOf(async () => why !== 'the lock is lost'),
      clock,
      untilOver,
      beginTerm,
    );
    await settle();
    if (why === 'a stop comes') instance.stop.abort(new Stop(clock.monotonic()));
    else await pass(clock, TTL / 3);
    await settle();
    expect(givenUp).toBe(1);
    expect(instance.terms).toEqual([]);
    instance.stop.abort();
  },
);

describe('leadership, a follower:', () => {
  const START = '2027-03-01T12:00:00Z';

  test('is reported again after a term in which it led', async () => {
    const clock = new ManualClock(START);
    const instance = new Instance(
      lockOf(async () => false),
      clock,
    );
    await settle();
    await pass(clock, TTL / 3 + TTL / 8);
    expect(instance.terms).toHaveLength(2);
    expect(instance.progress).toBe(2);
    instance.stop.abort();
  });

  test('is reported again after a term that another one ended', async () => {
    const clock = new ManualClock(START);
    const instance = new Instance(
      lockOf(async () => true),
      clock,
      async () => Promise.reject(new TermEnded('another term has begun')),
    );
    await settle();
    await pass(clock, TTL / 8);
    expect(instance.terms).toHaveLength(2);
    expect(instance.progress).toBe(2);
    instance.stop.abort();
  });

  test('is not reported by terms that cannot begin, one after another', async () => {
    const clock = new ManualClock(START);
    const instance = new Instance(
      lockOf(async () => true),
      clock,
      untilOver,
      async () => Promise.reject(new Error('the broker is unreachable')),
    );
    await settle();
    await pass(clock, TTL);
    expect(instance.faults.length).toBeGreaterThan(5);
    expect(instance.progress).toBe(1);
    instance.stop.abort();
  });
});

test('leadership: an instance reports that it follows after its first attempt', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const state = newLockState();
  await memoryLock(state, TTL, clock).acquire();
  const instance = new Instance(memoryLock(state, TTL, clock), clock);
  await settle();
  expect(instance.reasons).toEqual(['another instance holds the lock']);
  instance.stop.abort();
});

test('leadership: answered renewals leave no timer', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  let sleeping = 0;
  const counting: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      sleeping += 1;
      await clock.sleep(ms, signal);
      sleeping -= 1;
    },
  };
  const instance = new Instance(
    lockOf(async () => true),
    counting,
  );
  await settle();
  const atFirst = sleeping;
  await pass(clock, 5 * TTL);
  expect(instance.terms).toHaveLength(1);
  expect(sleeping).toBe(atFirst);
  instance.stop.abort();
});

test('leadership: a free lock that cannot be acquired is retried after pauses', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  let asked = 0;
  const lock: Lock = {
    acquire: async () => {
      asked += 1;
      throw new Error('out of memory');
    },
    waitForRelease: async () => {},
    close: async () => {},
  };
  const instance = new Instance(lock, clock);
  await settle();
  expect(asked).toBe(1);
  await pass(clock, TTL);
  expect(asked).toBeLessThan(20);
  instance.stop.abort();
  await instance.done;
});

test('leadership: an unreachable lock is retried without an exception', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  let failures = 5;
  const there = lockOf(async () => true);
  const lock: Lock = {
    ...there,
    acquire: async () => {
      if (failures-- > 0) throw new Error('connection refused');
      return there.acquire();
    },
  };
  const instance = new Instance(lock, clock);
  await pass(clock, 2 * TTL);
  expect(instance.faults).toEqual(Array(5).fill('lock acquire'));
  expect(instance.reasons).toEqual(['the lock cannot be reached']);
  expect(instance.leads).toBe(true);
  instance.stop.abort();
});

test('leadership: pauses between attempts to reach a lock grow to half of the TTL and vary', async () => {
  const attemptsWith = async (chance: number) => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const refused = async () => Promise.reject(new Error('connection refused'));
    const instance = new Instance({ ...lockOf(async () => true), acquire: refused }, clock);
    instance.chance = chance;
    await pass(clock, 10 * TTL);
    instance.stop.abort();
    return instance.faults.length;
  };
  const seldom = await attemptsWith(1);
  const often = await attemptsWith(0);
  // A constant eighth of the TTL would make 80.
  expect(seldom).toBeGreaterThanOrEqual(20);
  expect(seldom).toBeLessThanOrEqual(23);
  expect(often).toBeGreaterThan(1.5 * seldom);
});

test('leadership: the first pause after an unreachable lock is an eighth of the TTL, the second a quarter', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const refused = async () => Promise.reject(new Error('connection refused'));
  const instance = new Instance({ ...lockOf(async () => true), acquire: refused }, clock);
  instance.chance = 1;
  await settle();
  const attempts = [instance.faults.length];
  for (const ms of [TTL / 8 - 1, 1, TTL / 4 - 1, 1]) {
    await pass(clock, ms);
    attempts.push(instance.faults.length);
  }
  instance.stop.abort();
  expect(attempts).toEqual([1, 1, 2, 2, 3]);
});

test('leadership: a stop does not wait for an unresponsive store, and releases a lock that is acquired late', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const late = Promise.withResolvers<Lease>();
  const instance = new Instance({ ...lockOf(async () => true), acquire: () => late.promise }, clock);
  await settle();
  instance.stop.abort();
  await pass(clock, 1_200);
  await instance.done;
  expect(instance.faults).toEqual([]);
  const released = new Promise<void>((release) => {
    late.resolve({ renew: async () => true, release: async () => release() });
  });
  await released;
});

test('leadership: a stop does not wait for unanswered work and an unanswered release', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const never = () => new Promise<never>(() => {});
  const lease: Lease = { renew: async () => true, release: never };
  const lock = { ...lockOf(async () => true), acquire: async () => lease };
  const events = new Events();
  const stop = new AbortController();
  const leadership = new Leadership({
    lock,
    ledger: { beginTerm: async () => 1 },
    clock,
    events,
    ttl: TTL,
    onProgress: () => {},
    random: () => 0.5,
  });
  const done = leadership.run(never, stop.signal);
  await settle();
  stop.abort(new Stop(clock.monotonic()));
  await pass(clock, 1_500);
  await expect(done).resolves.toBeUndefined();
});

describe('leadership and clocks:', () => {
  const START = '2027-03-01T12:00:00Z';

  test('setting the wall clock neither ends nor extends a term', async () => {
    const clock = new ManualClock(START);
    let ours = true;
    const instance = new Instance(
      lockOf(async () => ours),
      clock,
    );
    await settle();
    for (const wall of ['2031-01-01T00:00:00Z', '1999-01-01T00:00:00Z', START]) {
      clock.set(wall);
      await pass(clock, 2 * TTL);
    }
    expect(instance.terms).toHaveLength(1);
    expect(instance.leads).toBe(true);
    ours = false;
    clock.set('1999-01-01T00:00:00Z');
    await pass(clock, TTL / 3);
    expect(instance.terms[0]!.signal.aborted).toBe(true);
    instance.stop.abort();
  });

  test('a leader on a suspended host, whose monotonic clock stood still, loses the lock at its next renewal', async () => {
    const clock = new ManualClock(START);
    const state = newLockState();
    const sleeper = new Instance(memoryLock(state, TTL, clock), clock);
    await settle();
    // Hours pass for everybody else: the lock has expired, another has it.
    clock.set('2027-03-01T20:00:00Z');
    state.holder = null;
    expect(await memoryLock(state, TTL, clock).acquire()).not.toBeNull();
    await pass(clock, TTL / 3);
    expect(sleeper.terms[0]!.signal.reason).toBe('the lock was lost');
    expect(sleeper.leads).toBe(false);
    sleeper.stop.abort();
  });

  test('timers that fire early cause early renewals, one at a time', async () => {
    const clock = new ManualClock(START);
    let renewals = 0;
    const early = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms * 0.9, signal),
    };
    const lock = lockOf(async () => (renewals++, true));
    const instance = new Instance(lock, early);
    await settle();
    await pass(clock, 9 * TTL);
    expect(instance.terms).toHaveLength(1);
    expect(renewals).toBeGreaterThanOrEqual(27);
    expect(renewals).toBeLessThanOrEqual(31);
    instance.stop.abort();
  });
});
