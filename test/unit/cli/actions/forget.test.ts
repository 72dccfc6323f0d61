import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import { driver } from '../../../../src/drivers/sql/sqlite/driver.ts';
import type { StateStore } from '../../../../src/contracts/store/store.ts';
import { encodeAudit } from '../../../../src/entries/commands/audit.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { advanceState, makeFirstRun, NEW_STATE } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';
import { runCommand } from '../../../support/command.ts';
import { Folder } from '../../../support/folder.ts';

let folder: Folder;
let brokerUrl: string;
beforeEach(() => {
  const entry = { task: 'tasks.note', schedule: 3_600 };
  const beatSchedule = { 'nightly-report': entry, weekly: entry };
  folder = new Folder({ 'beat.json': JSON.stringify({ resultExpires: null, beatSchedule }) });
  brokerUrl = `sqla+sqlite:///${folder.path}/beat.sqlite`;
});
afterEach(() => {
  vi.restoreAllMocks();
  folder[Symbol.dispose]();
});

const forget = (...args: string[]) => runCommand('forget', '-c', `${folder.path}/beat.json`, '-b', brokerUrl, ...args);

const withLedger = <T>(use: (ledger: StateStore['ledger']) => Promise<T>): Promise<T> =>
  withStore(({ ledger }) => use(ledger));

async function withStore<T>(use: (store: StateStore) => Promise<T>): Promise<T> {
  const store = await openState(storeOptions(resolveSettings({ brokerUrl, beatSchedule: {} }), systemClock));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

const write = (entry: string, state: EntryState) =>
  withLedger(async (ledger) => {
    const change = { entry, before: null, after: state, messages: [] };
    await ledger.commit({ token: await ledger.beginTerm(), changes: [change] });
  });
const states = () => withLedger((ledger) => ledger.load());

test('beat forget: a stored entry restarts from now, also one that was paused for ever or is unreadable', async () => {
  const { definitions } = resolveSettings({});
  const { definition } = definitions.read('digest', { task: 'tasks.note', schedule: 3_600 });
  const pause = { since: 0, until: null, reason: null, by: 'alice' };
  for (const damaged of [false, true]) {
    const after = { ...advanceState(NEW_STATE, 'one'), pause };
    await withStore(async ({ ledger }) => {
      const stored = { dueAt: null, definition: JSON.stringify(definition) };
      const change = { entry: 'digest', before: null, after, messages: [], stored };
      await ledger.removeState(await ledger.beginTerm(), 'digest');
      await ledger.commit({ token: await ledger.beginTerm(), changes: [change] });
    });
    if (damaged) {
      using db = new DatabaseSync(`${folder.path}/beat.sqlite`);
      db.exec(`UPDATE beat_entry SET state = '{'`);
    }
    const before = systemClock.now();
    expect(await forget('digest')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        damaged ? /could not be read: its schedule restarts/ : /1 runs.*restarts from now/,
      ) as string,
    });
    const [row] = await withStore(({ entries }) => entries.find(['digest']));
    expect(row!.dueAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(JSON.parse(row!.state!)).toMatchObject({ runCount: 0, dueAt: null });
  }
});

test('beat forget: removes the state of a configured entry, whose schedule restarts from now', async () => {
  await write('nightly-report', advanceState(advanceState(NEW_STATE, 'one'), 'two'));
  await write('weekly', NEW_STATE);
  const before = systemClock.now();
  expect(await forget('nightly-report')).toEqual({
    code: 0,
    stdout:
      'Removed the state of entry "nightly-report" (2 runs, last sent 2023-11-14T22:15:20.005Z): its schedule restarts from now\n',
    stderr: '',
  });
  const found = await states();
  expect(found.get('nightly-report')).toMatchObject({ dueAt: null, sentAt: null, runCount: 0 });
  expect(found.get('nightly-report')!.anchor).toBeGreaterThanOrEqual(before);
  expect(found.get('weekly')).toEqual(NEW_STATE);
});

test('beat forget: reports an entry without runs as never sent', async () => {
  await write('gone', NEW_STATE);
  const { stdout } = await forget('gone');
  expect(stdout).toBe('Removed the state of entry "gone" (0 runs, never sent): its schedule restarts from now\n');
});

test('beat forget: leaves no state of an entry that is not configured', async () => {
  await write('gone', NEW_STATE);
  await forget('gone');
  expect(await states()).toEqual(new Map());
});

test('beat forget: removes a state that cannot be read', async () => {
  await write('weekly', NEW_STATE);
  {
    using db = new DatabaseSync(`${folder.path}/beat.sqlite`);
    db.exec(`UPDATE beat_entry SET state = '{"spec":'`);
  }
  expect(await forget('weekly')).toEqual({
    code: 0,
    stdout: 'Removed the state of entry "weekly", which could not be read: its schedule restarts from now\n',
    stderr: '',
  });
  expect((await states()).get('weekly')).toMatchObject({ runCount: 0 });
});

test('beat forget: does nothing for a configured entry without a state', async () => {
  expect(await forget('weekly')).toEqual({
    code: 0,
    stdout: 'Entry "weekly" has no state: nothing to forget\n',
    stderr: '',
  });
  expect(await states()).toEqual(new Map());
});

test('beat forget: rejects an unknown name and suggests the closest one', async () => {
  await write('recorded', NEW_STATE);
  const [configured, recorded] = [await forget('weakly'), await forget('recoded')];
  expect(configured).toMatchObject({ code: 2, stdout: '' });
  expect(configured.stderr).toContain('no entry "weakly"');
  expect(configured.stderr).toContain('did you mean "weekly"?');
  expect(recorded.stderr).toContain('did you mean "recorded"?');
});

test('beat forget: --quoted reads the name as a JSON string and rejects anything else', async () => {
  await write('a\nb', NEW_STATE);
  expect((await forget('--quoted', '"a\\nb"')).stdout).toContain('entry "a\\nb" (0 runs');
  for (const text of ['not JSON', '7', 'null']) {
    const { code, stderr } = await forget('--quoted', text);
    expect(code).toBe(2);
    expect(stderr).toContain(`--quoted: expected a JSON string such as '"a\\u0000b"', got "${text}"`);
  }
});

/** Lets the first removals find that their term has ended. Returns the terms of all removals. */
function endTerms(count: number): readonly number[] {
  const terms: number[] = [];
  const { open } = driver.stateDriver;
  vi.spyOn(driver.stateDriver, 'open').mockImplementation((options) => {
    const { ledger, ...store } = open(options);
    const removeState = async (term: number, entry: string) =>
      terms.push(term) > count && ledger.removeState(term, entry);
    return { ...store, ledger: { ...ledger, removeState } };
  });
  return terms;
}

test('beat forget: retries after another instance ended its term', async () => {
  await write('gone', NEW_STATE);
  const terms = endTerms(1);
  expect((await forget('gone')).code).toBe(0);
  expect(terms).toHaveLength(2);
  expect(terms[1]).toBeGreaterThan(terms[0]!);
  expect(await states()).toEqual(new Map());
});

test('beat forget: gives up after five attempts', async () => {
  await write('gone', NEW_STATE);
  const terms = endTerms(Infinity);
  expect(await forget('gone')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'beat: forget: other instances began new terms during all 5 attempts; try again\n',
  });
  expect(terms).toHaveLength(5);
});

test('beat forget --audit and --outbox: remove only an unreadable record of the given id', async () => {
  const bad = { ...makeMessage('task-bad'), destination: {} } as Message;
  const commands = ['good', 'bad'].map((id) => ({ key: id, id, audit: id === 'bad' ? '{' : AUDIT }));
  await withStore(async ({ ledger }) => {
    const token = await ledger.beginTerm();
    await ledger.commit({ token, changes: [], commands });
    await ledger.append({ token, changes: [{ ...makeFirstRun('bad'), messages: [bad] }] });
    await ledger.append({ token, changes: [makeFirstRun('good')] });
  });
  const pending = await withLedger((ledger) => ledger.pending(10, ''));
  const [badId, goodId] = ['bad', 'good'].map((entry) => pending.find(({ id }) => id.includes(` ${entry} `))!.id);
  expect(await forget('--outbox', badId!)).toMatchObject({
    code: 0,
    stdout: `Removed the unreadable message ${JSON.stringify(badId)} in the outbox\n`,
  });
  expect(await forget('--outbox', badId!)).toMatchObject({ code: 2 });
  expect(await forget('--outbox', goodId!)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('can be read; beat removes only unreadable ones') as string,
  });
  expect(await withLedger((ledger) => ledger.pending(10, ''))).toMatchObject([{ id: goodId }]);
  expect(await forget('--audit', 'bad')).toMatchObject({
    code: 0,
    stdout: 'Removed the unreadable audit row of command "bad"\n',
  });
  for (const id of ['bad', 'good']) expect(await forget('--audit', id)).toMatchObject({ code: 2 });
  const audit = await withStore((store) => store.commands.readAudit(10));
  expect(audit).toEqual([{ id: 'good', json: AUDIT }]);
});

const AUDIT = encodeAudit(
  { id: 'good', at: 0, do: 'run', entry: 'a', by: 'ann', reason: null },
  { status: 'applied', answer: 'done' },
  { now: 0, term: 1 },
);
