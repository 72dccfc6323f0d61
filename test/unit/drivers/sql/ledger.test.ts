import { expect, test } from 'vitest';
import { createEntries } from '../../../../src/drivers/sql/entries.ts';
import { createLedger } from '../../../../src/drivers/sql/ledger.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import type { SqlRow } from '../../../../src/drivers/sql/dialect.ts';
import type { Sql } from '../../../../src/drivers/sql/sql.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { encodeState } from '../../../../src/contracts/store/entry-state.ts';
import { makeFirstRun, NEW_STATE } from '../../../support/change.ts';
import { FakeDatabase, SqlError } from '../../../support/fake-database.ts';
import { makeMessage } from '../../../support/message.ts';

const TERM = 7;

/** A ledger in its term 7 that records its statements; states of the test are in the database. */
class Fixture {
  readonly database = new FakeDatabase();
  readonly pruned: number[] = [];
  readonly ledger: ReturnType<typeof createLedger>;
  /** Answers before the default: the fencing token, and a queue. */
  rows: (statement: Sql) => readonly SqlRow[] | undefined = () => undefined;

  constructor() {
    this.database.answer = (statement) => {
      const rows = this.rows(statement);
      if (rows) return rows;
      if (statement.text === STATEMENTS.selectTermForUpdate('').text) return [{ number: '7' }];
      return statement.text === STATEMENTS.readQueue('').text ? [{ id: 1 }] : [];
    };
    this.ledger = createLedger({
      db: this.database.db,
      prefix: 'beat',
      queues: new Queues(),
      prune: async (count) => void this.pruned.push(count),
      entries: createEntries(this.database.db, 'beat'),
      history: null,
      isFile: false,
    });
  }

  /** The lengths of the lists of names in the statements like this one. */
  sizes(statement: Sql): number[] {
    return this.database.like(statement).map(({ values: [, names] }) => (names as string[]).length);
  }
}

const range = (count: number) => Array.from({ length: count }, (_, i) => makeFirstRun(`e${i}`));
const longMessages = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...makeFirstRun(`e${i}`),
    messages: [makeMessage(`${i}`, { body: 'x'.repeat(300_000) })],
  }));

test('sql ledger: load reads every state once, at most 5,000 with one statement', async () => {
  const records = Array.from({ length: 12_345 }, (_, i) => ({
    entry: `entry ${String(i).padStart(5, '0')}`,
    state: encodeState({ ...NEW_STATE, runCount: i }),
  }));
  const { ledger, database } = new Fixture();
  const pages: number[] = [];
  database.answer = ({ values: [, , from, , limit] }) => {
    const rows = records.filter(({ entry }) => entry > String(from)).slice(0, Number(limit));
    pages.push(rows.length);
    return rows;
  };
  const found = await ledger.load();
  expect([...found.keys()]).toEqual(records.map(({ entry }) => entry));
  expect([...found.values()].map(({ runCount }) => runCount)).toEqual([...records.keys()]);
  expect(Math.max(...pages)).toBe(5_000);
});

test('sql ledger: a commit reads and writes at most 1,000 states with one statement', async () => {
  const fixture = new Fixture();
  expect(await fixture.ledger.commit({ token: TERM, changes: range(1_001) })).toEqual({ kind: 'committed' });
  expect(fixture.sizes(STATEMENTS.findStates('', []))).toEqual([1_000, 1]);
  expect(fixture.sizes(STATEMENTS.writeEntries('', [], []))).toEqual([1_000, 1]);
});

test('sql ledger: a commit prunes afterwards, with the number of its messages; one that changes nothing does not', async () => {
  const fixture = new Fixture();
  const change = { ...makeFirstRun('a'), messages: [makeMessage('one'), makeMessage('two')] };
  await fixture.ledger.commit({ token: TERM, changes: [change] });
  expect(fixture.pruned).toEqual([2]);
  expect(await fixture.ledger.commit({ token: TERM - 1, changes: [change] })).toEqual({ kind: 'fenced' });
  const find = STATEMENTS.findStates('', []).text;
  fixture.rows = ({ text }) => (text === find ? [{ entry: 'a', state: encodeState(change.after) }] : undefined);
  expect(await fixture.ledger.commit({ token: TERM, changes: [change] })).toEqual({ kind: 'committed' });
  expect(fixture.pruned).toEqual([2]);
  expect(fixture.database.like(STATEMENTS.insertMessages([]))).toHaveLength(1);
});

test('sql ledger: a commit with a message without a queue is rejected before it inserts', async () => {
  const { ledger, database } = new Fixture();
  const destination = { exchange: 'none', type: 'topic', routingKey: 'a.b' } as never;
  const change = { ...makeFirstRun('a'), messages: [makeMessage('one', { destination })] };
  expect(await ledger.commit({ token: TERM, changes: [change] })).toMatchObject({
    kind: 'store-rejected',
    reason: expect.stringMatching(/^ledger\.commit: /) as string,
  });
  expect(database.like(STATEMENTS.writeEntries('', [], []))).toEqual([]);
  expect(database.like(STATEMENTS.insertMessages([]))).toEqual([]);
});

test('sql ledger: append inserts at most a million characters of messages with one statement', async () => {
  const fixture = new Fixture();
  const changes = longMessages(5);
  const outcome = await fixture.ledger.append({ token: TERM, changes });
  expect(outcome).toMatchObject({ kind: 'committed' });
  expect(fixture.sizes(STATEMENTS.appendMessages('', []))).toEqual([2, 2, 1]);
});

test('sql ledger: the first append of a term checks the right to remove messages before it inserts', async () => {
  const { ledger, database } = new Fixture();
  const append = (entry: string) => ledger.append({ token: TERM, changes: [makeFirstRun(entry)] });
  await append('a');
  await append('b');
  expect(database.like(STATEMENTS.removeMessages('', []))).toEqual([STATEMENTS.removeMessages('beat', [''])]);
  const texts = database.statements.map(({ text }) => text);
  const removal = texts.indexOf(STATEMENTS.removeMessages('', []).text);
  const insertion = texts.indexOf(STATEMENTS.appendMessages('', []).text);
  expect(removal).toBeLessThan(insertion);
});

test('sql ledger: a failed append checks the right to remove messages again', async () => {
  const fixture = new Fixture();
  const write = STATEMENTS.writeEntries('', [], []).text;
  const append = () => fixture.ledger.append({ token: TERM, changes: [makeFirstRun('a')] });
  fixture.rows = ({ text }) => {
    if (text === write) throw new SqlError('other');
    return undefined;
  };
  await expect(append()).rejects.toThrow('outbox.append: SQL refused: other');
  fixture.rows = () => undefined;
  await append();
  expect(fixture.database.like(STATEMENTS.removeMessages('', []))).toHaveLength(2);
});

test('sql ledger: a repeated append returns the messages that are still in the outbox, and writes nothing', async () => {
  const fixture = new Fixture();
  const changes = range(2);
  const first = await fixture.ledger.append({ token: TERM, changes });
  const [kept] = first.kind === 'committed' ? first.pending : [];
  const [find, pending] = [STATEMENTS.findStates('', []).text, STATEMENTS.findPending('', []).text];
  fixture.rows = ({ text }) => {
    if (text === pending) return [{ id: kept!.id }];
    if (text !== find) return undefined;
    return changes.map(({ entry, after }) => ({ entry, state: encodeState(after) }));
  };
  expect(await fixture.ledger.append({ token: TERM, changes })).toEqual({ kind: 'committed', pending: [kept] });
  expect(fixture.database.like(STATEMENTS.writeEntries('', [], []))).toHaveLength(1);
  expect(fixture.database.like(STATEMENTS.appendMessages('', []))).toHaveLength(1);
});

test('sql ledger: a removal of no messages still checks the right, and an older term removes nothing', async () => {
  const { ledger, database } = new Fixture();
  expect(await ledger.remove(TERM, [])).toBe(true);
  expect(await ledger.remove(TERM, ['a', 'b'])).toBe(true);
  expect(await ledger.remove(TERM - 1, ['c'])).toBe(false);
  expect(await ledger.removeState(TERM - 1, 'e')).toBe(false);
  expect(await ledger.removeState(TERM, 'e')).toBe(true);
  expect(database.like(STATEMENTS.removeMessages('', []))).toEqual([
    STATEMENTS.removeMessages('beat', ['']),
    STATEMENTS.removeMessages('beat', ['a', 'b']),
  ]);
  expect(database.like(STATEMENTS.removeState('', ''))).toEqual([STATEMENTS.removeState('beat', 'e')]);
});

test('sql ledger: the token of a term is larger than the last one of this process', async () => {
  const { ledger, database } = new Fixture();
  expect(await ledger.beginTerm()).toBe(7);
  await ledger.beginTerm();
  expect(database.like(STATEMENTS.beginTerm('', 0))).toEqual([
    STATEMENTS.beginTerm('beat', 1),
    STATEMENTS.beginTerm('beat', 8),
  ]);
});

test('sql ledger: a value that the database rejects is an outcome, and another error is thrown', async () => {
  const fixture = new Fixture();
  const write = STATEMENTS.writeEntries('', [], []).text;
  for (const method of ['commit', 'append'] as const) {
    const commit = () => fixture.ledger[method]({ token: TERM, changes: [makeFirstRun('a')] });
    let error = new SqlError('invalid-data', 'too long');
    fixture.rows = ({ text }) => {
      if (text === write) throw error;
      return undefined;
    };
    expect(await commit()).toMatchObject({
      kind: 'store-rejected',
      reason: expect.stringContaining('SQL refused: too long') as string,
    });
    error = new SqlError('other', 'disk full');
    await expect(commit()).rejects.toThrow('disk full');
  }
  expect(fixture.pruned).toEqual([]);
});

const STEPS = {
  'the read of the fencing token': STATEMENTS.selectTermForUpdate(''),
  'the read of states': STATEMENTS.findStates('', []),
  'the removal of commands': STATEMENTS.removeCommands('', []),
  'the audit rows': STATEMENTS.writeAudit('', []),
  'the trim of audit rows': STATEMENTS.trimAudit('', 1),
  'the check of the right to remove messages': STATEMENTS.removeMessages('', []),
  'the messages of the outbox': STATEMENTS.appendMessages('', []),
  'the read of the queue': STATEMENTS.readQueue(''),
  'the messages': STATEMENTS.insertMessages([]),
  'the states': STATEMENTS.writeEntries('', [], []),
};
type Step = keyof typeof STEPS;

const [COMMIT_ONLY, APPEND_ONLY]: Step[][] = [
  ['the read of the queue', 'the messages'],
  ['the check of the right to remove messages', 'the messages of the outbox'],
];
const all = Object.keys(STEPS) as Step[];

test.each([
  ...all.filter((step) => !APPEND_ONLY!.includes(step)).map((step) => ['commit', step] as const),
  ...all.filter((step) => !COMMIT_ONLY!.includes(step)).map((step) => ['append', step] as const),
])('sql ledger: a %s is rolled back when %s fails', async (method, step) => {
  const fixture = new Fixture();
  fixture.rows = ({ text }) => {
    if (text === STEPS[step].text) throw new SqlError('other', 'disk full');
    return undefined;
  };
  const commands = [{ key: '1', id: 'one', audit: '{}' }];
  const changes = [makeFirstRun('a')];
  await expect(fixture.ledger[method]({ token: TERM, changes, commands })).rejects.toThrow('SQL refused: disk full');
  const last = fixture.database.statements.slice(-2).map(({ text }) => text);
  expect(last).toEqual([STEPS[step].text, 'ROLLBACK']);
  expect(fixture.database.statements.map(({ text }) => text)).not.toContain('COMMIT');
});

test.each(['remove', 'removeState'] as const)('sql ledger: a failed %s is rolled back', async (method) => {
  const fixture = new Fixture();
  fixture.rows = ({ text }) => {
    if (/^(DELETE|UPDATE)/.test(text)) throw new SqlError('other', 'disk full');
    return undefined;
  };
  const work = method === 'remove' ? fixture.ledger.remove(TERM, ['a']) : fixture.ledger.removeState(TERM, 'a');
  await expect(work).rejects.toThrow('SQL refused: disk full');
  expect(fixture.database.statements.at(-1)!.text).toBe('ROLLBACK');
});
