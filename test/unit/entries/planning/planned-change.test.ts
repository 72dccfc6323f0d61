import { expect, test } from 'vitest';
import { parallel } from '../../../../src/celery/canvas/canvas.ts';
import type { Skip } from '../../../../src/entries/planning/catch-up.ts';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import type { MessageContext } from '../../../../src/entries/compose/message-context.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import { decide, type Decision } from '../../../../src/entries/planning/decide.ts';
import { planChange as planChangeInSteps } from '../../../../src/entries/planning/planned-change.ts';
import type { SentEvent, SkippedEvent } from '../../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { reportCommitted } from '../../../../src/leader/scheduling/report-committed.ts';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import { advance } from '../../../../src/contracts/store/entry-state.ts';
import { NEW_STATE } from '../../../support/change.ts';
import { alignedSchedule, HOUR, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const planChange = (...args: Parameters<typeof planChangeInSteps>) => runAtOnce(planChangeInSteps(...args));

const NOON = Date.parse('2027-03-01T12:00:00Z');

const messageContext: MessageContext = {
  timezone: 'UTC',
  router: new Router(new Queues()),
  encoding: DEFAULT_ENCODING,
  protocol: 2,
  keyPrefix: 'beat',
  origin: 'test',
  replyTo: '',
};

const STATE = { ...NEW_STATE, sentAt: 7, taskId: 'last', runCount: 3 };

function stepOf(entry: Entry, late: number) {
  const now = NOON + late;
  const decision = runAtOnce(decide(entry, { ...STATE, dueAt: NOON - 1 }, now)) as Decision;
  const at = { sentAt: now + 5, term: 9 };
  const { change } = planChange({ ...decision, before: STATE }, at, messageContext);
  return { change, ...eventsOf(change) };
}

/** The events that follow the commit of a change. */
function eventsOf(change: Change) {
  const [sent, skipped]: [SentEvent[], SkippedEvent[]] = [[], []];
  const events = new Events();
  events.on('sent', (event) => sent.push(event));
  events.on('skipped', (event) => skipped.push(event));
  expect(reportCommitted(change, [], events)).toBe(sent.length);
  return { sent, skipped };
}

test('a change that sends a run stores its instants and its task', () => {
  const { change, sent } = stepOf(makeEntry(), SECOND);
  const [run] = sent;
  expect(change.before).toBe(STATE);
  expect(change.after).toEqual({
    ...STATE,
    version: 1,
    rev: 2,
    dueAt: NOON,
    sentAt: NOON + SECOND + 5,
    taskId: run?.taskId,
    runCount: 4,
  });
  expect(run).toMatchObject({ entry: 'cleanup', dueAt: NOON, sentAt: NOON + SECOND + 5, term: 9 });
  expect(run?.queue).toBe('celery');
  expect(change.messages).toEqual(run?.messages);
});

test('a change that only skips stores the instant, and leaves the last run as it was', () => {
  const { change, sent, skipped } = stepOf(makeEntry({ startingDeadline: 1 }), 30 * SECOND);
  expect(sent).toEqual([]);
  expect(skipped).toMatchObject([{ reason: 'deadline', count: 1 }]);
  const lastSkip = { dueAt: NOON, reason: 'deadline' } as const;
  expect(change.after).toEqual(advance(STATE, { dueAt: NOON, lastSkip }));
  expect(change.messages).toEqual([]);
});

test('a change that publishes nothing leaves the last skip, and one that publishes removes it', () => {
  const before = { ...STATE, dueAt: NOON, lastSkip: { dueAt: NOON, reason: 'paused' } } as const;
  const plan = (runs: readonly number[], skipped: readonly Skip[], dueAt: number) =>
    planChange(
      { entry: makeEntry(), before, runs, skipped, causeOf: () => 'manual', changes: { dueAt } },
      { sentAt: NOON, term: 9 },
      messageContext,
    ).change.after?.lastSkip;
  const older: Skip = { reason: 'coalesced', first: NOON + 1, last: NOON + 1, count: 1 };
  expect(plan([], [], NOON)).toEqual(before.lastSkip);
  expect(plan([NOON + 5], [], NOON)).toBeUndefined();
  expect(plan([NOON + 2], [older], NOON + 2)).toBeUndefined();
  expect(plan([NOON], [older], NOON + 1)).toEqual({ dueAt: NOON + 1, reason: 'coalesced' });
});

test('a run that goes to an exchange is reported with the exchange in place of a queue', () => {
  const options = { exchange: 'jobs', exchangeType: 'topic', routingKey: 'jobs.work' } as const;
  const { sent } = stepOf(makeEntry({ options }), SECOND);
  expect(sent[0]?.messages[0]?.destination).toMatchObject({ queue: null, exchange: 'jobs' });
  expect(sent[0]?.queue).toBe('jobs');
});

test('a run of an empty group sends no message to any queue', () => {
  const { sent, change } = stepOf(makeEntry({ canvas: parallel([]) }), SECOND);
  expect(change.messages).toEqual([]);
  expect(sent).toMatchObject([{ queue: '', messages: [] }]);
});

test('a change that catches up several runs records the newest run', () => {
  const inTime = { startingDeadline: 2 * MINUTE };
  const { change, sent, skipped } = stepOf(makeEntry({ missed: 'all', ...inTime }), 2 * MINUTE);
  expect(skipped).toEqual([]);
  expect(sent.map(({ dueAt }) => dueAt)).toEqual([NOON, NOON + MINUTE, NOON + 2 * MINUTE]);
  expect(change.after).toMatchObject({ dueAt: NOON + 2 * MINUTE, taskId: sent.at(-1)?.taskId, runCount: 6 });
  expect(change.messages).toHaveLength(3);
  expect(sent.flatMap(({ messages }) => messages)).toEqual(change.messages);
});

test.each([
  ['schedule', 0],
  ['schedule', MINUTE],
  ['catch-up', MINUTE + 1],
] as const)('a run and its messages have the cause "%s" when it is %d ms late', (cause, late) => {
  const { sent, change } = stepOf(makeEntry({ schedule: alignedSchedule(HOUR) }), late);
  expect(sent).toMatchObject([{ cause, dueAt: NOON }]);
  expect(change.messages.map(({ run }) => run)).toEqual([{ entry: 'cleanup', dueAt: NOON, cause }]);
});

test('a change has the history of its run, with the id of the command that asked for it', () => {
  const { change, sent } = stepOf(makeEntry(), SECOND);
  const run = {
    kind: 'run',
    dueAt: NOON,
    sentAt: NOON + SECOND + 5,
    cause: 'schedule',
    taskId: sent[0]!.taskId,
    task: 'tasks.cleanup',
    queue: 'celery',
    term: 9,
    leader: 'test',
    number: 4,
  };
  expect(change.history).toEqual([run]);
  const byHand = planChange(
    {
      entry: makeEntry(),
      before: STATE,
      runs: [NOON - 5, NOON],
      skipped: [],
      changes: {},
      causeOf: () => 'backfill',
      commandId: 'command-1',
    },
    { sentAt: NOON, term: 9 },
    messageContext,
  );
  expect(byHand.change.history).toMatchObject([
    { dueAt: NOON - 5, cause: 'backfill', number: 4, command: 'command-1' },
    { dueAt: NOON, cause: 'backfill', number: 5, command: 'command-1' },
  ]);
});

test('a change of a stored entry has the next occurrence for its index, and one of a declared entry has none', () => {
  const schedule = alignedSchedule(HOUR);
  const stored = stepOf(makeEntry({ schedule, stored: true }), SECOND).change;
  expect(stored.stored).toEqual({ dueAt: NOON + HOUR });
  expect(stepOf(makeEntry({ schedule }), SECOND).change.stored).toBeUndefined();
});

test('a change is planned one run in each step', () => {
  const entry = makeEntry({ missed: 'all' });
  const decision = runAtOnce(decide(entry, { ...STATE, dueAt: NOON - 1 }, NOON + 2 * MINUTE)) as Decision;
  const steps = planChangeInSteps({ ...decision, before: STATE }, { sentAt: NOON, term: 9 }, messageContext);
  const ended = [1, 2, 3, 4].map(() => steps.next(false).done);
  expect(ended).toEqual([false, false, false, true]);
});

test('a change has the history of what it skips before that of its runs', () => {
  const entry = makeEntry({ schedule: alignedSchedule(MINUTE), missed: 'once' });
  const { change } = stepOf(entry, HOUR);
  expect(change.history).toMatchObject([
    ...[{ kind: 'skip', reason: 'coalesced', first: NOON, last: NOON + HOUR - MINUTE, count: 60 }],
    ...[{ kind: 'run', dueAt: NOON + HOUR, cause: 'schedule', number: 4 }],
  ]);
  expect(change.history![0]).toMatchObject({ at: NOON + HOUR + 5, term: 9 });
});
