import { boundLedger } from '../../../support/bound-ledger.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { expect, test } from 'vitest';
import { NO_LINKS, type Task, parallel } from '../../../../src/celery/canvas/canvas.ts';
import { TermEnded } from '../../../../src/leader/scheduling/term.ts';
import type { Ledger } from '../../../../src/contracts/store/ledger.ts';
import type { CommitOutcome } from '../../../../src/contracts/store/commit.ts';
import { alignedSchedule, intervalSchedule, makeEntry, HOUR, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { settle } from '../../../support/settle.ts';

const NOON = '2027-03-01T12:00:00.000Z';

const withoutSubscribers = (message: Message) => ({
  message,
  kind: 'no-subscribers' as const,
  reason: 'the fanout exchange has no subscribers',
});

test('scheduler: a due task is published once, and the next tick is at its next occurrence', async () => {
  const { clock, sent, begin } = makeRig();
  const { tick } = await begin([makeEntry()]);
  expect(await tick()).toBe(Date.parse('2027-03-01T12:01:00Z'));
  expect(sent()).toEqual([]);

  clock.advance(MINUTE);
  expect(await tick()).toBe(Date.parse('2027-03-01T12:02:00Z'));
  await tick();
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T12:01:00.000Z']);
});

test('scheduler: an interval stays on its grid with late ticks', async () => {
  const { clock, sent, begin } = makeRig();
  const { tick } = await begin([makeEntry({ schedule: intervalSchedule(10 * SECOND) })]);
  for (let i = 0; i < 3; i++) {
    clock.advance(10 * SECOND + 7);
    await tick();
  }
  expect(sent()).toEqual([10, 20, 30].map((s) => `tasks.cleanup 2027-03-01T12:00:${s}.000Z`));
});

test('scheduler: a weekly interval is not affected by daily restarts', async () => {
  const { clock, sent, begin } = makeRig();
  const weekly = makeEntry({ schedule: intervalSchedule(7 * 24 * HOUR) });
  for (let day = 0; day < 8; day++) {
    const { tick } = await begin([weekly]);
    await tick();
    clock.advance(24 * HOUR);
  }
  expect(sent()).toEqual(['tasks.cleanup 2027-03-08T12:00:00.000Z']);
});

test('scheduler: no run is published twice when the clock is set back', async () => {
  const { clock, sent, begin } = makeRig();
  const { tick } = await begin([makeEntry()]);
  clock.advance(MINUTE);
  await tick();
  clock.set('2027-03-01T11:30:00Z');
  expect(await tick()).toBe(Date.parse('2027-03-01T12:02:00Z'));
  await (await begin([makeEntry()])).tick();
  expect(sent()).toHaveLength(1);
});

test('scheduler: after the clock jumps forward the newest missed run is published, and the others are reported', async () => {
  const { clock, sent, emitted, begin } = makeRig();
  const { tick } = await begin([makeEntry()]);
  clock.set('2027-03-01T13:00:30Z');
  await tick();
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T13:00:00.000Z']);
  expect(emitted.skipped).toMatchObject([{ entry: 'cleanup', reason: 'coalesced', count: 59 }]);
});

test('scheduler: a new term continues from the states of the last one', async () => {
  const { clock, sent, begin } = makeRig();
  const first = await begin([makeEntry()]);
  clock.advance(MINUTE);
  await first.tick();
  clock.advance(MINUTE);
  const second = await begin([makeEntry()]);
  await second.tick();
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T12:01:00.000Z', 'tasks.cleanup 2027-03-01T12:02:00.000Z']);
});

test('scheduler: a fenced term publishes nothing and ends', async () => {
  const { clock, sent, begin } = makeRig();
  const old = await begin([makeEntry()]);
  await begin([makeEntry()]);
  clock.advance(MINUTE);
  await expect(old.tick()).rejects.toThrow(TermEnded);
  expect(sent()).toEqual([]);
});

test('scheduler: a commit whose answer was lost is repeated and publishes nothing twice', async () => {
  let lost = 0;
  const forgetful = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    commit: async ({ token, changes }) => {
      const outcome = await ledger.commit({ token, changes });
      if (changes.some((c) => c.messages.length > 0) && lost++ < 2) throw new Error('no answer');
      return outcome;
    },
  });
  const { clock, sent, emitted, begin } = makeRig({ wrapLedger: forgetful });
  const { tick } = await begin([makeEntry()]);
  clock.advance(MINUTE);
  const ticked = tick();
  while (!emitted.recovered) {
    await new Promise(setImmediate);
    clock.advance(SECOND);
  }
  await ticked;
  expect(sent()).toHaveLength(1);
  expect(emitted.sent).toHaveLength(1);
  expect(emitted.failure).toHaveLength(2);
});

test('scheduler: after the loss of the state schedules restart from now', async () => {
  const { clock, store, sent, emitted, begin } = makeRig();
  const { tick } = await begin([makeEntry()]);
  clock.advance(MINUTE);
  await tick();
  store.ledger.empty();
  clock.advance(MINUTE);
  await expect(tick()).rejects.toThrow(TermEnded);
  const after = await begin([makeEntry()]);
  await after.tick();
  expect(sent()).toHaveLength(1);
  expect(emitted.scheduling).toMatchObject([{ changes: { added: 1 } }, { changes: { added: 1 } }]);
  clock.advance(MINUTE);
  await after.tick();
  expect(sent()).toHaveLength(2);
});

test('scheduler: more entries than fit into one batch are all published once', async () => {
  const { clock, sent, begin } = makeRig();
  const many = Array.from({ length: 2_500 }, (_, i) => makeEntry({ name: `e${i}`, task: `t${i}` }));
  const { tick } = await begin(many);
  clock.advance(MINUTE);
  await tick();
  expect(new Set(sent()).size).toBe(2_500);
  expect(sent()).toHaveLength(2_500);
});

test('scheduler: an occurrence has the same task id from every instance', async () => {
  const ids = await Promise.all(
    [makeRig(), makeRig()].map(async ({ clock, store, begin }) => {
      const { tick } = await begin([makeEntry({ schedule: alignedSchedule(MINUTE) })]);
      clock.advance(MINUTE + 5);
      await tick();
      return store.broker.messages.map((message) => message.taskId);
    }),
  );
  expect(ids[0]).toEqual(ids[1]);
  expect(ids[0]?.[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
});

test('scheduler: a term that ends begins no further batch, and waits for those in progress', async () => {
  const answer = Promise.withResolvers<CommitOutcome>();
  const ticking: string[] = [];
  let begun = false;
  const twoAtOnce = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    batch: { size: 1, inFlight: 2 },
    commit: async ({ token, changes }) => {
      if (!begun) return ledger.commit({ token, changes });
      ticking.push(changes[0]!.entry);
      return changes[0]!.entry === 'a' ? { kind: 'fenced' } : answer.promise;
    },
  });
  const { clock, begin } = makeRig({ wrapLedger: twoAtOnce });
  const { tick } = await begin(['a', 'b', 'c'].map((name) => makeEntry({ name })));
  begun = true;
  clock.advance(MINUTE);
  const over = tick().catch((error: unknown) => error);
  const first = await Promise.race([over, settle().then(() => 'still under way')]);
  expect(first).toBe('still under way');
  answer.resolve({ kind: 'fenced' });
  expect(await over).toBeInstanceOf(TermEnded);
  expect(ticking).toEqual(['a', 'b']);
});

test('scheduler: a user’s schedule that throws delays no other entry', async () => {
  const { clock, sent, emitted, begin } = makeRig();
  const broken = {
    spec: 'broken after a minute',
    next: (after: Date) => {
      if (after.getTime() > Date.parse(NOON)) throw new Error('out of days');
      return new Date(after.getTime() + MINUTE);
    },
  };
  const { tick } = await begin([makeEntry({ name: 'broken', task: 'tasks.broken', schedule: broken }), makeEntry()]);
  for (let minute = 0; minute < 2; minute++) {
    clock.advance(MINUTE);
    await tick();
  }
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T12:01:00.000Z', 'tasks.cleanup 2027-03-01T12:02:00.000Z']);
  // It is tried again after a pause, as it may be mended by then.
  expect(emitted.failure).toMatchObject([
    { operation: { kind: 'prepare', entry: 'broken' } },
    { operation: { kind: 'prepare', entry: 'broken' } },
  ]);
});

test('scheduler: a rejected run is a failure with entry and queue, and does not count as a run', async () => {
  let missing = true;
  const picky = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    async commit({ token, changes }) {
      const messages = changes.flatMap((change) => change.messages);
      const refused = messages
        .filter(({ destination }) => missing && destination.queue === 'nowhere')
        .map((message) => ({ message, reason: 'there is no such queue', kind: 'rejected' as const }));
      const outcome = await ledger.commit({ token, changes });
      return outcome.kind === 'committed' ? { ...outcome, unpublished: refused } : outcome;
    },
    close: () => ledger.close(),
  });
  const { clock, emitted, begin } = makeRig({ wrapLedger: picky });
  const lost = makeEntry({ name: 'lost', options: { queue: 'nowhere' } });
  const { tick } = await begin([makeEntry(), lost]);
  clock.advance(MINUTE);
  await tick();
  expect(emitted.sent).toMatchObject([{ entry: 'cleanup' }]);
  expect(emitted.failure).toMatchObject([
    {
      operation: { kind: 'publish', entry: 'lost', target: 'queue "nowhere"' },
      error: {
        message: expect.stringMatching(
          /^entry "lost", task \S+: there is no such queue; the message stays in the outbox and is retried$/,
        ) as unknown,
      },
    },
  ]);
  missing = false;
  clock.advance(MINUTE);
  await tick();
  expect(emitted.sent).toHaveLength(3);
  expect(emitted.failure).toHaveLength(1);
});

test('scheduler: an entry that the store rejects delays no other, and is published when the store accepts it', async () => {
  let broken = true;
  const picky = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    commit: async ({ token, changes }) => {
      const bad = changes.some((c) => c.messages.some((m) => m.destination.queue === 'bad'));
      if (broken && bad) return { kind: 'store-rejected', reason: 'its key is not a list' };
      return ledger.commit({ token, changes });
    },
  });
  const { clock, sent, emitted, begin } = makeRig({ wrapLedger: picky });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const { tick } = await begin(
    names.map((name) => makeEntry({ name, task: name, options: { queue: name === 'd' ? 'bad' : 'celery' } })),
  );
  clock.advance(MINUTE);
  const wakeAt = await tick();
  expect(sent()).toEqual(['a', 'b', 'c', 'e'].map((name) => `${name} 2027-03-01T12:01:00.000Z`));
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'commit-entry', entry: 'd' } }]);

  broken = false;
  clock.advance(wakeAt - clock.now());
  await tick();
  expect(sent().at(-1)).toBe('d 2027-03-01T12:01:00.000Z');
  expect(emitted.recovered).toMatchObject([{ operation: { kind: 'commit-entry', entry: 'd' } }]);
});

test('scheduler: an entry whose first state the store rejects is added later, and delays no other', async () => {
  let broken = true;
  const picky = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    commit: async (commit) => {
      const bad = commit.changes.some(({ entry }) => entry === 'b');
      if (broken && bad) return { kind: 'store-rejected', reason: 'name too long' };
      return ledger.commit(commit);
    },
  });
  const { clock, sent, emitted, begin } = makeRig({ wrapLedger: picky });
  const { tick } = await begin(['a', 'b'].map((name) => makeEntry({ name, task: name })));
  expect(emitted.scheduling).toMatchObject([{ entries: 1, changes: { added: 1 } }]);
  expect(emitted['entry-changed']).toMatchObject([{ entry: 'a', change: 'added' }]);
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'commit-entry', entry: 'b' } }]);
  const retryAt = await tick();
  broken = false;
  clock.advance(retryAt - clock.now());
  await tick();
  expect(emitted['entry-changed']).toMatchObject([{ entry: 'a' }, { entry: 'b', change: 'added' }]);
  expect(emitted.recovered).toMatchObject([{ operation: { kind: 'commit-entry', entry: 'b' } }]);
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual(['a', 'b'].map((name) => `${name} 2027-03-01T12:01:00.000Z`));
});

test('scheduler: a run without subscribers is skipped, and reported until there is one', async () => {
  let deaf = true;
  const broadcasting = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    async commit({ token, changes }) {
      const outcome = await ledger.commit({ token, changes });
      if (!deaf) return outcome;
      const messages = changes.flatMap((c) => c.messages);
      return { kind: 'committed', unpublished: messages.map(withoutSubscribers) };
    },
  });
  const { clock, emitted, begin } = makeRig({ wrapLedger: broadcasting });
  const options = { exchange: 'bc', exchangeType: 'fanout' } as const;
  const { tick } = await begin([makeEntry({ name: 'call', options })]);
  clock.advance(MINUTE);
  await tick();
  const operation = { kind: 'publish', entry: 'call', target: 'exchange "bc"' };
  expect(emitted.failure).toMatchObject([{ operation }]);
  expect(String(emitted.failure?.[0]?.error)).toMatch(
    /entry "call": message dropped: the fanout exchange has no subscribers/,
  );
  const dueAt = clock.now();
  const skip = { entry: 'call', reason: 'no-subscribers', first: dueAt, last: dueAt, count: 1 };
  expect(emitted.skipped).toMatchObject([{ ...skip, withdrawn: [{ dueAt }] }]);
  expect(emitted.sent).toBeUndefined();
  expect(emitted.recovered).toBeUndefined();

  deaf = false;
  clock.advance(MINUTE);
  await tick();
  expect(emitted.sent).toMatchObject([{ entry: 'call', queue: 'bc' }]);
  expect(emitted.skipped).toHaveLength(1);
  expect(emitted.failure).toHaveLength(1);
  expect(emitted.recovered).toMatchObject([{ operation }]);
});

test('scheduler: a run of several tasks with some subscribers is published, and the exchange without any is reported', async () => {
  const task = (name: string, exchange?: string): Task => ({
    kind: 'task',
    task: name,
    args: [],
    kwargs: {},
    immutable: false,
    links: NO_LINKS,
    reprAs: 'tuple',
    options: exchange ? { exchange, exchangeType: 'fanout' } : {},
  });
  const halfDeaf = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    async commit({ token, changes }) {
      await ledger.commit({ token, changes });
      const messages = changes.flatMap((change) => change.messages);
      const lost = messages.filter((m) => m.destination.exchange);
      return { kind: 'committed', unpublished: lost.map(withoutSubscribers) };
    },
  });
  const { clock, emitted, begin } = makeRig({ wrapLedger: halfDeaf });
  const canvas = parallel([task('plain'), task('lost', 'bc')]);
  const { tick } = await begin([makeEntry({ name: 'both', canvas })]);
  clock.advance(MINUTE);
  await tick();
  expect(emitted.sent).toMatchObject([{ entry: 'both' }]);
  expect(emitted.skipped).toBeUndefined();
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'publish', entry: 'both', target: 'exchange "bc"' } }]);
});
