import { describe, expect, test } from 'vitest';
import { decodeAnswer, decodeAudit, encodeAudit } from '../../../../src/entries/commands/audit.ts';
import { decodeState, encodeState, newState, type EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { decodeRows, toPage, type HistoryRow } from '../../../../src/contracts/store/history.ts';
import { readInstances, type Announcement } from '../../../../src/contracts/store/instances.ts';

const AT = Date.parse('2027-03-01T12:00:00Z');
const SURROGATE = '\ud800';

const state: EntryState = {
  ...newState('every 60 s', AT),
  dueAt: AT,
  sentAt: AT,
  taskId: 'id',
  runCount: 3,
  pause: { since: AT, until: AT, reason: 'why', by: 'ann' },
  skip: [AT],
  lastSkip: { dueAt: AT, reason: 'paused' },
  running: [{ taskId: 'id', dueAt: AT, sentAt: AT }],
};

const run = {
  kind: 'run',
  dueAt: AT,
  sentAt: AT,
  cause: 'schedule',
  taskId: 'id',
  task: 't',
  queue: 'celery',
  term: 1,
  leader: 'gen1@host',
  number: 1,
};
const skip = { kind: 'skip', first: AT, last: AT, count: 1, reason: 'missed', at: AT, term: 1 };
const outcome = {
  kind: 'outcome',
  taskId: 'id',
  dueAt: AT,
  state: 'SUCCESS',
  doneAt: AT,
  runtimeMs: 1,
  worker: 'w',
  error: null,
};
const announcement: Announcement = {
  id: 'a',
  host: 'h',
  pid: 1,
  version: '1',
  role: 'leader',
  term: 1,
  startedAt: AT,
  skewMs: null,
};
const audit = JSON.parse(
  encodeAudit(
    { id: 'c', at: AT, do: 'run', entry: 'e', by: 'ann', reason: 'why' },
    { status: 'applied', answer: 'done' },
    { now: AT, term: 1 },
  ),
) as Record<string, unknown>;

/** Each field with values that no program of beat writes there. */
function damage(record: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(record).flatMap(([field, value]) => {
    const missing = { ...record, [field]: undefined };
    const wrong: unknown[] = typeof value === 'number' ? [1e300, -1e300, null, '1'] : [1, { a: 1 }, [null], SURROGATE];
    return [missing, ...wrong.map((each) => ({ ...record, [field]: each }))].map((each): [string, string] => [
      field,
      JSON.stringify(each),
    ]);
  });
}

const unreadable = (id: string, expected: string) => ({
  kind: 'unreadable',
  id,
  at: expect.toSatisfy((at) => at === null || !isNaN(Date.parse(String(at)))) as unknown,
  reason: expect.stringContaining(`not ${expected}: "{`) as string,
  repair: expect.stringMatching(/^beat forget --(history|audit) |^expires by itself/) as string,
});

/** Fields whose absence, or whose numbers, have a meaning. */
const isAllowed = (field: string, text: string, allowed: Readonly<Record<string, RegExp>>) =>
  allowed[field]?.test(text) ?? false;

describe('records of stores', () => {
  test('a state with a field of another type, or out of its range, is unreadable', () => {
    const text = encodeState(state);
    expect(decodeState('e', text)).toEqual(state);
    const allowed = {
      version: /^(?!.*"version")/,
      rev: /^(?!.*"rev")/,
      dueAt: /"dueAt":null,"sentAt/,
      sentAt: /"sentAt":null,"taskId/,
      pause: /^(?!.*"pause")/,
      skip: /^(?!.*"skip":)/,
      lastSkip: /^(?!.*"lastSkip")/,
      running: /^(?!.*"running")/,
    };
    const damaged = damage({ ...state }).filter(([field, each]) => !isAllowed(field, each, allowed));
    expect(damaged.length).toBeGreaterThan(40);
    for (const [, each] of damaged) expect(() => decodeState('e', each), each).toThrow('cannot be read');
  });

  test.each(['pause', 'lastSkip'] as const)('a state whose %s has a damaged field is unreadable', (part) => {
    for (const [, text] of damage({ ...state[part] })) {
      if (/"until":null|"reason":null/.test(text)) continue;
      const each = JSON.stringify({ ...state, [part]: JSON.parse(text) as unknown });
      expect(() => decodeState('e', each), each).toThrow('cannot be read');
    }
  });

  test('a state at the first and last instants of a Date is readable', () => {
    for (const at of [8_640_000_000_000_000, -8_640_000_000_000_000]) {
      const edge = { ...state, anchor: at, dueAt: at, sentAt: at };
      expect(decodeState('e', encodeState(edge))).toEqual(edge);
    }
  });

  test.each([
    ['run', run, {}],
    ['skip', skip, { count: /"count":null/ }],
    ['outcome', outcome, { runtimeMs: /null|1e\+300/, worker: /(?!)/, error: /"error":null/ }],
  ])('a row "%s" of the history with a damaged field is unreadable, and the others are read', (_, row, allowed) => {
    const good = JSON.stringify(run);
    for (const [field, text] of damage(row)) {
      if (isAllowed(field, text, allowed)) continue;
      expect(decodeRows([text, good], 0), text).toEqual([run as HistoryRow]);
      const stored = [text, good].map((each, i) => ({ text: each, position: `place ${i}` }));
      const { rows } = toPage('an entry', stored, 10, 0);
      expect(rows, text).toEqual([unreadable('place 0', 'a row of the history'), run]);
    }
  });

  test('the instant of an unreadable row is shown if it is valid, and does not expire the row', () => {
    const text = JSON.stringify({ ...run, task: 1 });
    const { rows } = toPage("it's", [{ text, position: '7' }], 10, AT + 1);
    expect(rows).toEqual([
      {
        kind: 'unreadable',
        id: '7',
        at: '2027-03-01T12:00:00.000Z',
        reason: `not a row of the history: ${JSON.stringify(`${text.slice(0, 60)}…`)}`,
        repair: `beat forget --history --quoted '"it\\u0027s"'`,
      },
    ]);
  });

  test('an announcement with a damaged field is listed as unreadable, after the others', () => {
    const other = { ...announcement, id: 'b' };
    const list = (json: string) =>
      readInstances([json, JSON.stringify(other)].map((each) => ({ id: 'key', json: each, seenAgoMs: 1 })));
    for (const [field, text] of damage(announcement)) {
      if (['pid', 'term', 'skewMs'].includes(field) && /:null|"skewMs":1[,}]/.test(text)) continue;
      expect(list(text), text).toEqual([
        { ...other, seenAgoMs: 1 },
        unreadable('key', 'the announcement of an instance'),
      ]);
    }
    expect(list('[]')).toMatchObject([other, { repair: 'expires by itself within 15 seconds' }]);
  });

  test('an instance whose announcement is far ahead of the clock of the store is not listed', () => {
    const json = JSON.stringify(announcement);
    for (const seenAgoMs of [15_000, -15_000, NaN, -Infinity])
      expect(readInstances([{ id: 'a', json, seenAgoMs }])).toEqual([]);
    expect(readInstances([{ id: 'a', json, seenAgoMs: -100 }])).toMatchObject([{ seenAgoMs: 0 }]);
  });

  test('a hundred thousand announcements are listed', () => {
    const rows = Array.from({ length: 200_000 }, () => ({ id: 'a', json: JSON.stringify(announcement), seenAgoMs: 1 }));
    expect(readInstances(rows)).toHaveLength(200_000);
  });

  test('an audit row with a damaged field is unreadable, and not an answer', () => {
    expect(decodeAudit({ id: 'c', json: JSON.stringify(audit) })).toEqual(audit);
    const answeredAt = '+999999-01-01T00:00:00Z';
    const late = JSON.stringify({ ...audit, answeredAt });
    for (const json of [late, ...damage(audit).map(([, text]) => text)]) {
      expect(decodeAudit({ id: 'c', json }), json).toEqual(unreadable('c', 'an audit row'));
      expect(decodeAnswer({ id: 'c', json }), json).toBeNull();
    }
    expect(decodeAudit({ id: '-c', json: '' })).toMatchObject({ repair: `beat forget --audit -- '-c'` });
  });
});
