import { expect, test } from 'vitest';
import { Events } from '../../../../src/contracts/events/events.ts';
import { outboxMessages, type OutboxMessage } from '../../../../src/contracts/store/outbox.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { emitOutboxEvents } from '../../../../src/leader/outbox/outbox-events.ts';
import type { Unreadable } from '../../../../src/contracts/store/unreadable.ts';
import { Liveness } from '../../../../src/observe/liveness.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { operationKey } from '../../../../src/contracts/events/beat-events.ts';

const rig = () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const liveness = new Liveness(clock);
  return { clock, events, liveness, reports: emitOutboxEvents(events, liveness) };
};

test('outbox events: delayed messages are a warning at each power of ten until none is left', () => {
  const { events, reports } = rig();
  const words: (string | null)[] = [];
  events.on('warning', ({ kind, message }) => words.push(`${kind} ${message ?? 'over'}`));
  for (const count of [0, 1, 99, 100, 101, 999, 1_000, 1_400, 25_000, 700, 3, 0, 0]) {
    reports.waiting(count, count === 0 ? null : 0);
  }
  const delayed = 'or more messages are delayed because the broker rejects them; retrying';
  expect(words).toEqual([
    ...[100, 1_000, 10_000, 100].map((many) => `outbox Outbox: ${many} ${delayed}`),
    'outbox over',
  ]);
});

test('outbox events: a delayed message that is published is an event, and recovers its queue', () => {
  const { events, reports } = rig();
  const change = makeFirstRun('a b: c', 'id-1');
  const emitted: unknown[] = [];
  events.on('delivered', (event) => emitted.push(event));
  events.on('recovered', ({ operation }) => emitted.push(operationKey(operation)));
  events.reportFailure({ kind: 'publish', entry: 'a', target: 'queue "celery"' }, new Error('there is no such queue'));
  const [kept] = outboxMessages([change]);
  reports.delivered([kept!]);
  const { dueAt } = change.after;
  const run = { entry: 'a b: c', dueAt, cause: 'schedule', task: 'tasks.add', taskId: 'id-1', to: 'queue "celery"' };
  expect(emitted).toEqual([{ ...run, message: kept!.message }, 'publish queue "celery"']);
});

test('outbox events: an expired message is a skipped occurrence, and progress of the relay counts as progress', () => {
  const { clock, events, liveness, reports } = rig();
  const change = makeFirstRun('a', 'id-1');
  const skipped: unknown[] = [];
  events.on('skipped', (event) => skipped.push(event));
  clock.advance(5_000);
  reports.progressed();
  expect(liveness.idleMs).toBe(0);
  const [message] = outboxMessages([change]);
  const { dueAt } = change.after;
  const run = { taskId: 'id-1', dueAt: dueAt!, term: 7 };
  reports.skipped([message!], 'expired', [{ message: message!, reason: 'expired', run }]);
  const withdrawn = [run];
  expect(skipped).toEqual([{ entry: 'a', reason: 'expired', first: dueAt, last: dueAt, count: 1, withdrawn }]);
});

test('outbox events: expired messages are one event for each entry, from the oldest to the newest', () => {
  const { events, reports } = rig();
  const skipped: unknown[] = [];
  events.on('skipped', (event) => skipped.push(event));
  const [kept, other] = outboxMessages([makeFirstRun('a', 'id-1'), makeFirstRun('b', 'id-2')]);
  const noon = Date.parse('2027-03-01T12:00:00Z');
  const dueAt = (each: OutboxMessage, ms: number): OutboxMessage => {
    return { ...each, run: { ...each.run, dueAt: noon + ms } };
  };
  const messages = [2_000, 1_000, 2_000].map((ms) => dueAt(kept!, ms));
  const run = { taskId: 'id-2', dueAt: noon, term: 7 };
  reports.skipped([...messages, dueAt(other!, 0)], 'expired', [{ message: other!, reason: 'expired', run }]);
  expect(skipped).toMatchObject([
    { entry: 'a', reason: 'expired', first: noon + 1_000, last: noon + 2_000, count: 2, withdrawn: [] },
    { entry: 'b', reason: 'expired', first: noon, last: noon, count: 1, withdrawn: [run] },
  ]);
});

test('outbox events: the number of waiting messages and the oldest of them are an event when they change', () => {
  const { events, reports } = rig();
  const emitted: unknown[] = [];
  events.on('outbox', (event) => emitted.push(event));
  for (const [count, oldest] of [
    [0, null],
    [2, 1_000],
    [2, 1_000],
    [1, 2_000],
    [0, null],
  ] as const) {
    reports.waiting(count, oldest);
  }
  expect(emitted).toEqual([
    { waiting: 2, oldest: 1_000 },
    { waiting: 1, oldest: 2_000 },
    { waiting: 0, oldest: null },
  ]);
});

test('outbox events: unreadable messages are one warning, with the commands that remove them, until none is left', () => {
  const { events, reports } = rig();
  const warnings: (string | null)[] = [];
  events.on('warning', ({ kind, message }) => warnings.push(`${kind} ${message ?? 'over'}`));
  const bad: Unreadable = {
    kind: 'unreadable',
    id: 'x',
    at: null,
    reason: 'not a message: "{"',
    repair: 'beat forget --outbox x',
  };
  for (const count of [0, 1, 1, 2, 0]) reports.unreadable(count, count > 0 ? [bad] : []);
  const text = (count: number) =>
    `unreadable-messages Outbox: unreadable messages are not published and block no others: ${count}; remove with: beat forget --outbox x`;
  expect(warnings).toEqual([text(1), `${text(2)}; …`, 'unreadable-messages over']);
});
