import { describe, expect, test } from 'vitest';
import { Committer, runPool } from '../../../../src/leader/scheduling/committer.ts';
import { RecentCommits } from '../../../../src/leader/scheduling/recent-commits.ts';
import { ScheduledEntries } from '../../../../src/leader/scheduling/scheduled-entries.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { TermEnded, type Term } from '../../../../src/leader/scheduling/term.ts';
import type { PlannedChange } from '../../../../src/entries/planning/planned-change.ts';
import type { Ledger } from '../../../../src/contracts/store/ledger.ts';
import type { Change, CommitOutcome } from '../../../../src/contracts/store/commit.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { settle } from '../../../support/settle.ts';
import { operationKey } from '../../../../src/contracts/events/beat-events.ts';

/** The first run of a new entry. */
const planRun = (entry: string) => ({ entry: undefined, change: makeFirstRun(entry) });

const NEVER = new AbortController().signal;
const DONE: CommitOutcome = { kind: 'committed' };
/** Batches of two, one at a time. */
const PAIRS: Ledger['batch'] = { size: 2, inFlight: 1 };

/** Commits over a ledger whose answers the test gives, with the instants at which it was asked. */
function over(answer: (changes: readonly Change[]) => CommitOutcome | Promise<CommitOutcome>) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const asked: { readonly at: number; readonly entries: readonly string[] }[] = [];
  const counted = { progress: 0 };
  const faults: string[] = [];
  const recovered: string[] = [];
  events.on('failure', ({ operation }) => faults.push(operationKey(operation)));
  events.on('recovered', ({ operation }) => recovered.push(operationKey(operation)));
  const ledger: Ledger = {
    batch: PAIRS,
    load: async () => new Map(),
    findStates: async () => new Map(),
    beginTerm: async () => 1,
    close: async () => {},
    commit: async ({ changes }) => {
      asked.push({ at: clock.monotonic(), entries: changes.map(({ entry }) => entry) });
      return answer(changes);
    },
  };
  const committer = new Committer({
    ledger,
    clock,
    events,
    results: () => null,
    progressed: () => (counted.progress += 1),
    scheduled: new ScheduledEntries({ clock, events }),
    recent: new RecentCommits({ ledger, clock }),
  });
  return { committer, clock, asked, faults, recovered, counted };
}

function termOf(trusted: () => boolean = () => true, stop = NEVER): Term {
  return {
    token: 1,
    stop,
    signal: stop,
    get trusted() {
      return trusted();
    },
  };
}

const fails = (): never => {
  throw new Error('unreachable');
};

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < ms / 10; i++) {
    await settle();
    clock.advance(10);
  }
  await settle();
}

describe('committer: a failed commit', () => {
  test('is repeated after 50 ms, then after pauses that double, to one second', async () => {
    const { committer, clock, asked } = over(fails);
    void committer.commitBatch([planRun('a')], termOf());
    await pass(clock, 5_000);
    const instants = asked.map(({ at }) => at);
    expect(instants).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550]);
  });

  test('counts as progress at each attempt, and is reported with its recovery', async () => {
    let tries = 0;
    const { committer, clock, counted, faults, recovered } = over(() => (++tries < 3 ? fails() : DONE));
    const commit = committer.commitBatch([planRun('a')], termOf());
    await pass(clock, 200);
    expect(await commit).toEqual([{ kind: 'committed', unpublished: [] }]);
    expect(counted.progress).toBe(3);
    expect(faults).toEqual(['commit', 'commit']);
    expect(recovered).toEqual(['commit']);
  });

  test('ends with the term when the lock can no longer be trusted', async () => {
    let trusted = true;
    const { committer, clock, asked } = over(fails);
    const commit = committer.commitBatch(
      [planRun('a')],
      termOf(() => trusted),
    );
    const ended = expect(commit).rejects.toThrow(new TermEnded('the lock can no longer be trusted'));
    await pass(clock, 100);
    trusted = false;
    await pass(clock, 1_000);
    await ended;
    expect(asked).toHaveLength(2);
  });

  test('ends at a stop, which does not wait for the end of the pause', async () => {
    const stop = new AbortController();
    const { committer, clock, asked } = over(fails);
    const commit = committer.commitBatch([planRun('a')], termOf(undefined, stop.signal));
    await pass(clock, 1_000);
    const tries = asked.length;
    stop.abort();
    expect(await commit).toEqual([{ kind: 'not-attempted' }]);
    expect(asked).toHaveLength(tries);
  });

  test('ends with the term, which does not wait until the pause is over', async () => {
    const ending = new AbortController();
    const { committer } = over(fails);
    const term = { token: 1, stop: NEVER, signal: ending.signal, trusted: false };
    const commit = committer.commitBatch([planRun('a')], term);
    await settle();
    ending.abort();
    await expect(commit).rejects.toThrow(TermEnded);
  });
});

describe('committer: a term that the ledger ends', () => {
  test.each([
    [{ kind: 'fenced' }, 'another term has begun, or the store lost its state'],
    [{ kind: 'conflict', entries: ['a', 'b'] }, 'schedule state of a, b was changed by another process'],
  ] as const)('with %j is not retried, and reports the reason', async (outcome, reason) => {
    const { committer, asked } = over(() => outcome);
    await expect(committer.commitBatch([planRun('a')], termOf())).rejects.toThrow(reason);
    expect(asked).toHaveLength(1);
  });
});

describe('committer: batches', () => {
  const items = ['a', 'b', 'c', 'd', 'e'];

  test('have the ledger’s size and contain all items', async () => {
    const batches: string[][] = [];
    await runPool(items, PAIRS, termOf(), async (batch) => batches.push(batch));
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('run concurrently up to the limit of the ledger', async () => {
    let [running, most] = [0, 0];
    await runPool(items, { size: 1, inFlight: 3 }, termOf(), async () => {
      most = Math.max(most, ++running);
      await settle();
      running--;
    });
    expect(most).toBe(3);
  });

  test('are not started when the lock can no longer be trusted', async () => {
    let trusted = true;
    const batches: string[][] = [];
    const work = async (batch: string[]) => {
      batches.push(batch);
      trusted = false;
    };
    const run = runPool(
      items,
      PAIRS,
      termOf(() => trusted),
      work,
    );
    await expect(run).rejects.toThrow(new TermEnded('the lock can no longer be trusted'));
    expect(batches).toEqual([['a', 'b']]);
  });

  test('are not started after a stop, which is not a failure', async () => {
    const stop = new AbortController();
    const batches: string[][] = [];
    await runPool(items, PAIRS, termOf(undefined, stop.signal), async (batch) => {
      batches.push(batch);
      stop.abort();
    });
    expect(batches).toEqual([['a', 'b']]);
  });

  test('are not started after a failure, and those in progress are awaited', async () => {
    const begun: string[] = [];
    const ended: string[] = [];
    const run = runPool(items, { size: 1, inFlight: 2 }, termOf(), async ([item = '']) => {
      begun.push(item);
      if (item === 'a') throw new Error('failed');
      await settle();
      ended.push(item);
    });
    await expect(run).rejects.toThrow('failed');
    expect(begun).toEqual(['a', 'b']);
    expect(ended).toEqual(['b']);
  });
});

test('committer: a batch of chords that could not be registered commits nothing', async () => {
  const { committer, asked } = over(() => DONE);
  const change = { ...planRun('a'), chords: [{ groupId: 'g', size: 1, results: null }] };
  const committed = await committer.commitBatch([change], termOf());
  expect(committed).toEqual([{ kind: 'unregistered' }]);
  expect(asked).toEqual([]);
});

describe('committer: a batch that the store rejects', () => {
  const rejects =
    (...bad: string[]) =>
    (changes: readonly Change[]): CommitOutcome =>
      changes.some(({ entry }) => bad.includes(entry)) ? { kind: 'store-rejected', reason: 'too long' } : DONE;
  const changes = ['a', 'b', 'c', 'd'].map(planRun);

  test('is bisected: all other entries are committed once, and the failures are reported by entry', async () => {
    const { committer, asked, faults } = over(rejects('b', 'd'));
    const committed = await committer.commitBatch(changes, termOf());
    const kinds = committed.map(({ kind }) => kind);
    expect(kinds).toEqual(['committed', 'store-rejected', 'committed', 'store-rejected']);
    expect(faults).toEqual(['commit-entry b', 'commit-entry d']);
    const alone = asked.map(({ entries }) => entries.join(''));
    expect(alone).toEqual(['abcd', 'ab', 'a', 'b', 'cd', 'c', 'd']);
  });

  test('is neither attempted nor continued after a stop', async () => {
    const stop = new AbortController();
    const { committer } = over((all) => {
      if (all.length === 4) return { kind: 'store-rejected', reason: 'too long' };
      if (all[0]?.entry === 'c') {
        stop.abort();
        return fails();
      }
      return DONE;
    });
    const committed = await committer.commitBatch(changes, termOf(undefined, stop.signal));
    const kinds = committed.map(({ kind }) => kind);
    expect(kinds).toEqual(['committed', 'committed', 'not-attempted', 'not-attempted']);
  });

  test('has an outcome with the rejected messages of all its parts, and their messages without subscribers', async () => {
    const { committer } = over((all) => {
      if (all.length > 1) return { kind: 'store-rejected', reason: 'too long' };
      const message = all[0]!.messages[0]!;
      const kind = all[0]!.entry === 'a' ? 'rejected' : 'no-subscribers';
      return { kind: 'committed', unpublished: [{ message, kind, reason: 'no queue' }] };
    });
    const committed = await committer.commitBatch(changes, termOf());
    expect(committed).toMatchObject(
      ['rejected', 'no-subscribers', 'no-subscribers', 'no-subscribers'].map((kind, i) => ({
        kind: 'committed',
        unpublished: [{ kind, message: changes[i]!.change.messages[0] }],
      })),
    );
  });

  test('is not attempted after a stop before its first commit', async () => {
    const stop = new AbortController();
    const { committer, asked } = over((all) => {
      if (all.length === 4) return { kind: 'store-rejected', reason: 'too long' };
      stop.abort();
      return fails();
    });
    const outcomes = await committer.commitBatch(changes, termOf(undefined, stop.signal));
    expect(outcomes).toEqual(Array(4).fill({ kind: 'not-attempted' }));
    expect(asked.map(({ entries }) => entries.join(''))).toEqual(['abcd', 'ab']);
  });
});

test('committer: a commit of several batches resolves with the number of runs that were sent', async () => {
  const { committer, asked } = over(() => DONE);
  const plan = (waiting: string[]) => waiting.splice(0).map((entry) => planHistory(entry));
  expect(await committer.commit(['a', 'b', 'c'], plan, termOf())).toBe(3);
  expect(asked.map(({ entries }) => entries)).toEqual([['a', 'b'], ['c']]);
  expect(await committer.commit([], plan, termOf())).toBe(0);
});

/** The first run of a new entry, with its row of the history. */
function planHistory(entry: string): PlannedChange {
  const change = makeFirstRun(entry);
  const { dueAt, sentAt, taskId } = change.after;
  const row = { dueAt: dueAt!, sentAt: sentAt!, taskId: taskId!, task: 't', queue: 'q', leader: 'l' } as const;
  return {
    entry: undefined,
    change: { ...change, history: [{ kind: 'run', cause: 'schedule', term: 1, number: 1, ...row }] },
  };
}

test('committer: the rest of a batch is not planned when the lock can no longer be trusted', async () => {
  let trusted = true;
  const { committer, asked } = over(() => {
    trusted = false;
    return DONE;
  });
  const planned: string[] = [];
  const planOne = (waiting: string[]) => {
    const [entry] = waiting.splice(0, 1);
    planned.push(entry!);
    return [planHistory(entry!)];
  };
  const term = termOf(() => trusted);
  await expect(committer.commit(['a', 'b'], planOne, term)).rejects.toThrow(TermEnded);
  expect(planned).toEqual(['a']);
  expect(asked).toHaveLength(1);
});
