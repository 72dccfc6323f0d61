import { expect, test } from 'vitest';
import type { AuditRow } from '../../../../src/entries/commands/shapes.ts';
import { explain } from '../../../../src/read-models/history/explain.ts';
import type { Recorded } from '../../../../src/read-models/history/account.ts';
import { at } from '../../../../src/schedule/at.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import type { HistoryRow } from '../../../../src/contracts/store/history.ts';
import { makeEntry } from '../../../support/entry.ts';

const iso = (text: string) => Date.parse(text);
const NOW = iso('2027-03-28T12:00:00Z');

function record(expression: string, state: Partial<EntryState> = {}, rows: readonly HistoryRow[] = []): Recorded {
  const schedule = cron(expression, { timezone: 'Europe/Oslo' });
  const known = {
    spec: schedule.spec,
    anchor: iso('2027-01-01T00:00:00Z'),
    dueAt: null,
    sentAt: null,
    version: 1,
    rev: 1,
    taskId: null,
    runCount: 0,
    ...state,
  };
  return { entry: makeEntry({ schedule }), state: known, rows, isComplete: true };
}

const why = (recorded: Recorded, at: string, commands: readonly AuditRow[] = []) =>
  explain(recorded, iso(at), { commands, now: NOW, show: (each) => new Date(each).toISOString() });
const mismatches = ({ fields }: ReturnType<typeof why>) =>
  fields!.fields.filter(({ matches }) => !matches).map(({ field }) => field);

test('an instant at which an entry is not due has each field with its rule, its value and whether it matches', () => {
  const found = why(record('*/5 8-16 * * 1-5'), '2027-03-27T11:07:00Z');
  expect(found).toMatchObject({ isDue: false, account: null });
  expect(found.fields!.local).toBe('2027-03-27 12:07 Europe/Oslo');
  expect(found.fields!.fields).toEqual([
    { field: 'minute', rule: '*/5', value: '7', matches: false },
    { field: 'hour', rule: '8-16', value: '12', matches: true },
    { field: 'day of month', rule: '*', value: '27', matches: true },
    { field: 'month', rule: '*', value: '3', matches: true },
    { field: 'day of week', rule: '1-5', value: '6 (Saturday)', matches: false },
  ]);
  expect(new Date(found.previous!).toISOString()).toBe('2027-03-26T15:55:00.000Z');
  expect(new Date(found.next!).toISOString()).toBe('2027-03-29T06:00:00.000Z');
});

test('days that are counted from the end of the month are explained as one field', () => {
  expect(mismatches(why(record('0 4 L * *'), '2027-03-31T02:00:00Z'))).toEqual([]);
  expect(mismatches(why(record('0 4 L * *'), '2027-03-30T02:00:00Z'))).toEqual(['day of month']);
});

test('an instant after a gap of the clocks is explained by the time that they skipped', () => {
  // In Oslo, 02:30 did not exist on that day.
  const found = why(record('30 2 * * *'), '2027-03-28T01:00:00Z');
  expect(found.isDue).toBe(true);
  expect(found.fields!.notes).toEqual([
    'the clocks were set forward: it is due in place of a local time that they skipped',
  ]);
});

test('the second pass of an hour that the clocks repeat is explained by the first', () => {
  const found = why(record('30 2 * * *'), '2026-10-25T01:30:00Z');
  expect(found.isDue).toBe(false);
  expect(mismatches(found)).toEqual([]);
  expect(found.fields!.notes).toEqual(['the clocks were set back: this local time was due when they showed it first']);
});

test('an occurrence without a row is explained by the rows that cannot be read, with their repair', () => {
  const unreadable = (id: string) => ({
    ...({ kind: 'unreadable', id, at: null, reason: 'not a row of the history' } as const),
    repair: 'beat forget --history cleanup',
  });
  const dueAt = iso('2027-03-28T10:00:00Z');
  const recorded = record('0 * * * *', { dueAt, runCount: 1 });
  const repair = 'rows of the history that cannot be read: 2; remove them with: beat forget --history cleanup';
  const rows = [unreadable('1'), unreadable('2')];
  expect(why({ ...recorded, rows }, '2027-03-28T10:00:00Z')).toMatchObject({
    account: { kind: 'before-history' },
    reasons: ['the entry has no history', repair],
  });
  const first: HistoryRow = {
    kind: 'run',
    dueAt: dueAt - 7_200_000,
    sentAt: dueAt - 7_200_000,
    cause: 'schedule',
    taskId: '1',
    task: 't',
    queue: 'celery',
    term: 1,
    leader: 'gen1@host',
    number: 1,
  };
  expect(why({ ...recorded, rows: [...rows, first] }, '2027-03-28T10:00:00Z')).toMatchObject({
    account: { kind: 'unaccounted' },
    reasons: [`the history should have it, and does not: ${repair}`],
  });
});

test('a paused occurrence names the command, who sent it, and the reason', () => {
  const dueAt = iso('2027-03-28T10:00:00Z');
  const skip: HistoryRow = {
    kind: 'skip',
    first: dueAt,
    last: dueAt,
    count: 1,
    reason: 'paused',
    at: dueAt + 5,
    term: 1,
  };
  const command = (more: Partial<AuditRow>): AuditRow => ({
    id: '1',
    do: 'pause',
    entry: 'cleanup',
    by: 'ola@ops',
    reason: 'maintenance',
    at: null,
    status: 'applied',
    answer: 'paused',
    term: 1,
    answeredAt: '2027-03-28T09:00:00.000Z',
    ...more,
  });
  const commands = [
    command({ answeredAt: '2027-03-28T11:00:00.000Z', by: 'later' }),
    command({ entry: 'other', by: 'somewhere else' }),
    command({}),
  ];
  const found = why(record('0 * * * *', { dueAt }, [skip]), '2027-03-28T10:00:00Z', commands);
  expect(found.account).toMatchObject({ kind: 'skipped', reason: 'paused' });
  expect(found.reasons).toEqual([
    'skipped: the entry was paused by ola@ops at 2027-03-28T09:00:00.000Z, because "maintenance"',
  ]);
});

test('the explanation of a future occurrence says whether it will be skipped', () => {
  const next = '2027-03-28T13:00:00Z';
  const dueAt = iso('2027-03-28T12:00:00Z');
  const pause = { since: dueAt, until: null, reason: 'audit', by: 'ola' };
  const reasons = (state: Partial<EntryState>) => why(record('0 * * * *', { dueAt, ...state }), next).reasons;
  expect(reasons({})).toEqual(['not yet due: it is 2027-03-28T12:00:00.000Z']);
  expect(reasons({ skip: [iso(next)] })).toEqual(['not yet due, and a command asked to skip it']);
  expect(reasons({ pause })).toEqual([
    'not yet due, and will be skipped unless resumed: paused since 2027-03-28T12:00:00.000Z by ola, because "audit"',
  ]);
});

test('a late run is explained by an outage, with who published it and when', () => {
  const dueAt = iso('2027-03-28T10:00:00Z');
  const run: HistoryRow = {
    kind: 'run',
    dueAt,
    sentAt: dueAt + 90_000,
    cause: 'catch-up',
    taskId: 'x',
    task: 't',
    queue: 'q',
    term: 7,
    leader: 'gen1@b',
    number: 1,
  };
  const found = why(record('0 * * * *', { dueAt }, [run]), '2027-03-28T10:00:00Z');
  expect(found.reasons).toEqual([
    'published 1 min 30 s late by gen1@b in term 7: until then no instance led, or a server was unreachable',
  ]);
});

test('with overlap: queue, the explanation of a late or waiting run names the earlier run as a possible cause', () => {
  const dueAt = iso('2027-03-28T10:00:00Z');
  const run: HistoryRow = {
    kind: 'run',
    dueAt,
    sentAt: dueAt + 90_000,
    cause: 'schedule',
    taskId: 'x',
    task: 't',
    queue: 'q',
    term: 7,
    leader: 'gen1@b',
    number: 1,
  };
  const known = record('0 * * * *', { dueAt }, [run]);
  const recorded = { ...known, entry: { ...known.entry, overlap: 'queue' } } as const;
  expect(why(recorded, '2027-03-28T10:00:00Z').reasons).toEqual([
    "published 1 min 30 s late by gen1@b in term 7: until then an earlier run was running (overlap: 'queue'), no instance led, or a server was unreachable",
  ]);
  expect(why(recorded, '2027-03-28T11:00:00Z').reasons).toEqual([
    "due, and not yet dealt with: an earlier run is running (overlap: 'queue'), no instance leads, or a server is unreachable",
  ]);
});

test.each([
  ['overlap', /^skipped: runs of the entry must not overlap/],
  ['deadline', /^skipped: past the starting deadline/],
  ['a-reason-of-a-newer-version', /^skipped: a-reason-of-a-newer-version$/],
])('an occurrence that was skipped with the reason %s is explained', (reason, text) => {
  const at = iso('2027-03-28T10:00:00Z');
  const skip = { kind: 'skip', first: at, last: at, count: 1, at, reason } as HistoryRow;
  const found = why(record('0 * * * *', { dueAt: at }, [skip]), '2027-03-28T10:00:00Z');
  expect(found.reasons).toEqual([expect.stringMatching(text)]);
});

test('an occurrence from before the history is explained with the start of the history', () => {
  const at = '2027-03-28T10:00:00Z';
  const state = { dueAt: iso('2027-03-28T11:00:00Z'), runCount: 5 };
  expect(why(record('0 * * * *', state), at)).toMatchObject({
    account: { kind: 'before-history' },
    reasons: ['the entry has no history'],
  });
  const newest: HistoryRow = {
    kind: 'run',
    dueAt: state.dueAt,
    sentAt: state.dueAt,
    cause: 'schedule',
    taskId: 'x',
    task: 't',
    queue: 'q',
    term: 7,
    leader: 'gen1@b',
    number: 5,
  };
  expect(why(record('0 * * * *', state, [newest]), at).reasons).toEqual([
    'the history of the entry begins at 2027-03-28T11:00:00.000Z; history.limit and history.maxAge set how far it reaches',
  ]);
});

test('the occurrence before an instant is found within ten years', () => {
  const found = why(record('0 0 29 2 *'), '2027-01-01T00:00:00Z');
  expect(new Date(found.previous!).toISOString()).toBe('2024-02-28T23:00:00.000Z');
});

test('for an instant within a pause, the pause is named before the missing occurrence', () => {
  const pause = { since: iso('2027-03-20T00:00:00Z'), until: null, reason: null, by: 'ola' };
  expect(why(record('0 * * * *', { pause }), '2027-03-21T10:07:00Z').reasons).toEqual([
    'paused since 2027-03-20T00:00:00.000Z by ola',
    'the schedule does not have this instant: minute (0) does not match 7',
  ]);
  expect(why(record('0 * * * *', { pause }), '2027-03-19T10:07:00Z').reasons).toHaveLength(1);
});

test('an instant before the schedule took effect is explained with the instant from which it counts', () => {
  const state = { anchor: iso('2027-03-20T00:00:00Z') };
  const found = why(record('0 * * * *', state), '2027-03-19T10:00:00Z');
  expect(found).toMatchObject({ isDue: true, account: null });
  expect(found.reasons).toEqual([
    'nothing is expected before 2027-03-20T00:00:00.000Z: the entry was added, edited or enabled then, and does not catch up on what came before',
  ]);
});

const RUN: HistoryRow = {
  ...({ kind: 'run', cause: 'schedule', taskId: 'x', task: 't', queue: 'q' } as const),
  ...{ dueAt: iso('2027-03-28T10:00:00Z'), sentAt: iso('2027-03-28T10:00:00Z') },
  ...{ term: 7, leader: 'gen1@b', number: 1 },
};

test.each([
  [5_000, 'schedule', 'published in time by gen1@b in term 7'],
  [
    5_001,
    'schedule',
    'published 5.0 s late by gen1@b in term 7: until then no instance led, or a server was unreachable',
  ],
  [0, 'catch-up', 'published 0 ms late by gen1@b in term 7: until then no instance led, or a server was unreachable'],
] as const)('a run that was published %i ms late with the cause %s is explained: %s', (late, cause, reason) => {
  const row = { ...RUN, sentAt: RUN.dueAt + late, cause };
  const found = why(record('0 * * * *', { dueAt: RUN.dueAt }, [row]), '2027-03-28T10:00:00Z');
  expect(found).toMatchObject({ isDue: true, account: { kind: 'published' }, reasons: [reason] });
});

test('an occurrence that was published twice is to be reported', () => {
  const rows = [RUN, { ...RUN, number: 2, term: 8 }];
  expect(why(record('0 * * * *', { dueAt: RUN.dueAt }, rows), '2027-03-28T10:00:00Z').reasons).toEqual([
    'published more than once: report this with the rows of beat history',
  ]);
});

test('an occurrence that the history lacks is to be reported', () => {
  const rows = [{ ...RUN, dueAt: RUN.dueAt - 7_200_000 }];
  expect(why(record('0 * * * *', { dueAt: RUN.dueAt }, rows), '2027-03-28T10:00:00Z').reasons).toEqual([
    'the history should have it, and does not: report this with the output of beat audit',
  ]);
});

test('an occurrence that waits names the pause, or an outage', () => {
  const state = { dueAt: iso('2027-03-28T10:00:00Z') };
  const reasons = (more: Partial<EntryState>) =>
    why(record('0 * * * *', { ...state, ...more }), '2027-03-28T11:00:00Z').reasons;
  expect(reasons({})).toEqual(['due, and not yet dealt with: no instance leads, or a server is unreachable']);
  const pause = { since: iso('2027-03-28T10:30:00Z'), until: iso('2027-03-29T00:00:00Z'), reason: null, by: 'ola' };
  expect(reasons({ pause })).toEqual(['paused since 2027-03-28T10:30:00.000Z until 2027-03-29T00:00:00.000Z by ola']);
});

test('an occurrence to come after the end of a pause is not skipped', () => {
  const dueAt = iso('2027-03-28T12:00:00Z');
  const pause = { since: dueAt, until: iso('2027-03-28T13:00:00Z'), reason: null, by: 'ola' };
  const reasons = (at: string) => why(record('0 * * * *', { dueAt, pause }), at).reasons[0];
  expect(reasons('2027-03-28T13:00:00Z')).toBe('not yet due: it is 2027-03-28T12:00:00.000Z');
  const longer = { ...pause, until: pause.until + 1 };
  expect(why(record('0 * * * *', { dueAt, pause: longer }), '2027-03-28T13:00:00Z').reasons[0]).toMatch(
    /^not yet due, and will be skipped unless resumed: paused since .* until 2027-03-28T13:00:00.001Z by ola$/,
  );
});

test('an instant is within a pause from its beginning, and before its end', () => {
  const pause = { since: iso('2027-03-20T00:07:00Z'), until: iso('2027-03-21T00:07:00Z'), reason: 'audit', by: 'ola' };
  const isPaused = (at: string) => why(record('0 * * * *', { pause }), at).reasons.length === 2;
  expect(isPaused('2027-03-20T00:06:59Z')).toBe(false);
  expect(isPaused('2027-03-20T00:07:00Z')).toBe(true);
  expect(isPaused('2027-03-21T00:06:59Z')).toBe(true);
  expect(isPaused('2027-03-21T00:07:00Z')).toBe(false);
});

test('an entry that the leader does not schedule in this form says why', () => {
  const at = '2027-03-28T10:07:00Z';
  const known = record('0 * * * *');
  const reasons = (more: Partial<Recorded>) => why({ ...known, ...more }, at).reasons;
  expect(reasons({ entry: { ...known.entry, enabled: false }, state: null })).toEqual(['the entry is disabled']);
  expect(reasons({ state: null })).toEqual(['no instance has scheduled the entry yet']);
  expect(reasons({ state: { ...known.state!, spec: null } })).toEqual([
    'the entry was disabled or removed when an instance last led',
  ]);
  expect(reasons({ state: { ...known.state!, spec: 'other' } })).toEqual([
    'the schedule differs from the one that the leader has: it was edited and not reloaded yet',
  ]);
});

test('the anchor of a schedule is not an occurrence, and the next one is', () => {
  const state = { anchor: iso('2027-03-20T10:00:00Z') };
  expect(why(record('0 * * * *', state), '2027-03-20T10:00:00Z').reasons).toHaveLength(1);
  expect(why(record('0 * * * *', state), '2027-03-20T11:00:00Z').account).toMatchObject({ kind: 'waiting' });
});

test('an interval has its neighbors at its distance, and no fields', () => {
  const schedule = timedelta({ minutes: 7 });
  const dueAt = iso('2027-03-28T10:00:00Z');
  const known = record('0 * * * *');
  const state = { ...known.state!, spec: schedule.spec, anchor: dueAt, dueAt };
  const recorded = { ...known, entry: { ...known.entry, schedule }, state };
  expect(why(recorded, '2027-03-28T10:21:00Z')).toMatchObject({
    ...{ isDue: true, fields: null },
    ...{ previous: iso('2027-03-28T10:14:00Z'), next: iso('2027-03-28T10:28:00Z') },
  });
  const off = why(recorded, '2027-03-28T10:22:00Z');
  expect(off).toMatchObject({ isDue: false, previous: iso('2027-03-28T10:21:00Z') });
  expect(off.reasons).toEqual(['the schedule does not have this instant']);
});

test('a schedule without an earlier or a later occurrence has no neighbor there', () => {
  const schedule = at('2027-03-28T10:00:00Z');
  const known = record('0 * * * *');
  const recorded = { ...known, entry: { ...known.entry, schedule }, state: { ...known.state!, spec: schedule.spec } };
  const neighbors = (instant: string) => {
    const { previous, next } = why(recorded, instant);
    return [previous, next];
  };
  const only = iso('2027-03-28T10:00:00Z');
  expect(neighbors('2027-03-28T09:00:00Z')).toEqual([null, only]);
  expect(neighbors('2027-03-28T10:00:00Z')).toEqual([null, null]);
  expect(neighbors('2027-03-28T11:00:00Z')).toEqual([only, null]);
});

test('a command that was applied names its sender; later, rejected and other ones do not', () => {
  const dueAt = iso('2027-03-28T10:00:00Z');
  const skip: HistoryRow = { kind: 'skip', first: dueAt, last: dueAt, count: 1, reason: 'skipped', at: dueAt, term: 1 };
  const command: AuditRow = {
    ...{ id: '1', do: 'skip', entry: 'cleanup', by: 'ola', reason: null, at: null, status: 'applied' },
    ...{ answer: 'skips', term: 1, answeredAt: '2027-03-28T10:00:00.000Z' },
  };
  const reasons = (...commands: readonly Partial<AuditRow>[]) =>
    why(
      record('0 * * * *', { dueAt }, [skip]),
      '2027-03-28T10:00:00Z',
      commands.map((more) => ({ ...command, ...more })),
    ).reasons;
  expect(reasons({})).toEqual(['skipped on request by ola at 2027-03-28T10:00:00.000Z']);
  expect(reasons({ reason: 'holiday' })).toEqual([
    'skipped on request by ola at 2027-03-28T10:00:00.000Z, because "holiday"',
  ]);
  const others = [{ do: 'pause' }, { status: 'rejected' as const }, { answeredAt: '2027-03-28T10:00:00.001Z' }];
  expect(reasons(...others)).toEqual(['skipped on request']);
});
