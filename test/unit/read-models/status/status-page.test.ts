import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import { openStore } from '../../../../src/leader/outbox/open-store.ts';
import { memoryStoredEntries } from '../../../../src/drivers/memory/stored-entries.ts';
import { findStatuses } from '../../../../src/read-models/status/load-status.ts';
import type { EntrySource } from '../../../../src/read-models/status/read-entries.ts';
import {
  formatPlace,
  loadStatusPage,
  parsePlace,
  SEARCH_START,
  searchStored,
  type SearchPlace,
} from '../../../../src/read-models/status/status-page.ts';
import type { EntrySearch, StoredEntries } from '../../../../src/contracts/store/stored-entries.ts';
import type { StateStore } from '../../../../src/contracts/store/store.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { makeFirstRun } from '../../../support/change.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const DEFINITION = JSON.stringify({ task: 'tasks.stored', schedule: 60 });
/** In the configuration. */
const DECLARED = ['apple', 'banana', 'cherry'];
/** Stored, in the order in which they are due. */
const STORED = ['damson', 'elder apple', 'fig'];

let store: StateStore;
let source: EntrySource;

beforeEach(async () => {
  const beatSchedule = Object.fromEntries(DECLARED.map((name) => [name, { task: `tasks.${name}`, schedule: 60 }]));
  const settings = resolveSettings({ brokerUrl: `memory://${randomUUID()}`, resultExpires: null, beatSchedule });
  const writer = await openStore(storeOptions(settings, systemClock));
  const token = await writer.ledger.beginTerm();
  for (const [i, entry] of STORED.entries()) {
    const stored = { dueAt: NOW + i, definition: DEFINITION };
    const change = { ...makeFirstRun(entry), messages: [], stored };
    await writer.ledger.commit({ token, changes: [change] });
  }
  await writer.close();
  store = await openState(storeOptions(settings, systemClock));
  source = { store, entries: settings.entries, definitions: settings.definitions };
});
afterEach(() => store.close());

/** The names of each page. */
async function readPages(search: string, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | null = null; ;) {
    const page = await loadStatusPage(source, { search, limit, after }, NOW);
    pages.push(page.entries.map(({ entry }) => entry));
    expect(page.next === null || parsePlace(page.next)).not.toBe(null);
    if (page.next === null) return pages;
    after = page.next;
  }
}

describe('pages of entries', () => {
  test.each([
    [1, [['apple'], ['banana'], ['cherry'], ['damson'], ['elder apple'], ['fig']]],
    [
      2,
      [
        ['apple', 'banana'],
        ['cherry', 'damson'],
        ['elder apple', 'fig'],
      ],
    ],
    [3, [DECLARED, STORED]],
    [
      4,
      [
        [...DECLARED, 'damson'],
        ['elder apple', 'fig'],
      ],
    ],
    [6, [[...DECLARED, ...STORED]]],
    [7, [[...DECLARED, ...STORED]]],
  ])('with %i on each have every entry once, and no empty page at the end', async (limit, pages) => {
    expect(await readPages('', limit)).toEqual(pages);
  });

  test.each([
    ['apple', 10, [['apple', 'elder apple']]],
    ['APPLE', 1, [['apple'], ['elder apple']]],
    ['tasks.', 2, [['apple', 'banana'], ['cherry']]],
    ['tasks.', 3, [DECLARED]],
    ['cherry', 1, [['cherry']]],
    ['absent', 10, [[]]],
  ])('of a search for %s with %i on each have what is found', async (...given) => {
    const [search, limit, pages] = given;
    expect(await readPages(search, limit)).toEqual(pages);
  });

  test('begin with the first entry if the given place is on no page', async () => {
    const page = await loadStatusPage(source, { search: '', limit: 2, after: 'garbage' }, NOW);
    expect(page.entries.map(({ entry }) => entry)).toEqual(['apple', 'banana']);
  });
});

test('the place where a page ends survives as text, and other texts are not places', () => {
  const after = { entry: 'a:b\nc', dueAt: -5 };
  for (const place of [
    { kind: 'declared', index: 7 },
    { kind: 'prefix', after: 'name' },
    { kind: 'prefix', after: '' },
    { kind: 'all', after, lookedAt: 7 },
    { kind: 'all', after: { ...after, dueAt: null }, lookedAt: 0 },
  ] as const)
    expect(parsePlace(formatPlace(place))).toEqual(place);
  for (const text of ['', 'x', 'r1', 'd', 'd-1', 'a1:2']) expect(parsePlace(text)).toBe(null);
});

test('of several names has the rows of each existing entry once', async () => {
  const rows = await findStatuses(source, ['fig', 'banana', 'absent', 'banana'], NOW);
  expect(rows).toMatchObject([
    { entry: 'banana', source: 'configuration', task: 'tasks.banana' },
    { entry: 'fig', source: 'store', task: 'tasks.stored' },
  ]);
});

test('an entry that is both declared and stored is the declared one', async () => {
  const [apple] = source.entries;
  const hiding = { ...source, entries: [{ ...apple!, name: 'fig' }] };
  expect(await findStatuses(hiding, ['fig'], NOW)).toMatchObject([{ source: 'configuration' }]);
});

type Entries = StoredEntries & EntrySearch;

/** Entries that are due in the opposite order, but for the last, which never is. */
function entriesOf(...names: string[]): Entries {
  const rows = names.map((entry, i) => {
    const dueAt = i === names.length - 1 ? null : 1_000 - i;
    return [entry, { entry, definition: '{}', state: null, dueAt }] as const;
  });
  return memoryStoredEntries(new Map(rows));
}

/** The names on each page. */
async function pages(entries: Entries, text: string, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let place: SearchPlace | null = SEARCH_START; place !== null;) {
    const page = await searchStored(entries, text, limit, place);
    found.push(page.found.map(({ entry }) => entry));
    place = page.next;
  }
  return found;
}

const NAMES = ['a mail', 'mail b', 'Mail', 'x', 'MAILS', 'mail a', 'e-mail'];

test('a search finds names that begin with the text by name, and then others by the time at which they are due', async () => {
  const entries = entriesOf(...NAMES);
  const all = ['mail a', 'mail b', 'MAILS', 'Mail', 'a mail', 'e-mail'];
  for (const limit of [1, 2, 3, 6, 10]) expect((await pages(entries, 'mail', limit)).flat()).toEqual(all);
  expect(await pages(entries, 'mail', 10)).toEqual([all]);
  expect((await pages(entries, 'absent', 2)).flat()).toEqual([]);
});

test('a page of a search reads at most 100,000 names, and shows how many it has read', async () => {
  const entries = entriesOf();
  const last = 250_000;
  const name = (i: number) => (i === last ? 'found' : `e${i}`);
  entries.positions = ({ limit, after }) => {
    const from = after && after.entry !== '' ? after.dueAt! + 1 : 0;
    const length = Math.min(limit, last + 1 - from);
    return Promise.resolve(Array.from({ length }, (_, i) => ({ entry: name(from + i), dueAt: from + i })));
  };
  entries.find = (names) =>
    Promise.resolve(names.map((entry) => ({ entry, definition: '{}', state: null, dueAt: last })));
  const first = await searchStored(entries, 'oun', 10, SEARCH_START);
  expect(first).toMatchObject({ found: [], next: { kind: 'all', lookedAt: 100_000 } });
  const second = await searchStored(entries, 'oun', 10, first.next!);
  expect(second).toMatchObject({ found: [], next: { lookedAt: 200_000 } });
  const third = await searchStored(entries, 'oun', 10, second.next!);
  expect(third).toMatchObject({ found: [{ entry: 'found' }], next: null });
});

test('a search leaves out entries that were removed after their names were read', async () => {
  const entries = entriesOf('mail a', 'mail b');
  const find = entries.find.bind(entries);
  entries.find = (names) => find(names.slice(1));
  expect(await pages(entries, 'mail', 5)).toEqual([['mail b']]);
});
