import { expect, test } from 'vitest';
import { memoryStoredEntries } from '../../../../src/drivers/memory/stored-entries.ts';
import { SEARCH_START, searchStored, type SearchPlace } from '../../../../src/read-models/status/search-stored.ts';
import type { EntrySearch, StoredEntries } from '../../../../src/contracts/store/stored-entries.ts';

type Entries = StoredEntries & EntrySearch;

/** Entries that are due in the opposite order, but for the last, which never is. */
function storeWith(...names: string[]): Entries {
  const rows = names.map((entry, i) => {
    const dueAt = i === names.length - 1 ? null : 1_000 - i;
    return [entry, { entry, definition: '{}', state: null, dueAt }] as const;
  });
  return memoryStoredEntries(new Map(rows));
}

/** The names on each page. */
async function pages(store: Entries, text: string, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let place: SearchPlace | null = SEARCH_START; place !== null;) {
    const page = await searchStored(store, text, limit, place);
    found.push(page.found.map(({ entry }) => entry));
    place = page.next;
  }
  return found;
}

const NAMES = ['a mail', 'mail b', 'Mail', 'x', 'MAILS', 'mail a', 'e-mail'];

test('a search finds names that begin with the text by name, and then others by the time at which they are due', async () => {
  const store = storeWith(...NAMES);
  const all = ['mail a', 'mail b', 'MAILS', 'Mail', 'a mail', 'e-mail'];
  for (const limit of [1, 2, 3, 6, 10]) expect((await pages(store, 'mail', limit)).flat()).toEqual(all);
  expect(await pages(store, 'mail', 10)).toEqual([all]);
  expect((await pages(store, 'absent', 2)).flat()).toEqual([]);
});

test('a page of a search looks at 100,000 names at most, and says how many it has looked at', async () => {
  const store = storeWith();
  const last = 250_000;
  const name = (i: number) => (i === last ? 'found' : `e${i}`);
  store.positions = ({ limit, after }) => {
    const from = after && after.entry !== '' ? after.dueAt! + 1 : 0;
    const length = Math.min(limit, last + 1 - from);
    return Promise.resolve(Array.from({ length }, (_, i) => ({ entry: name(from + i), dueAt: from + i })));
  };
  store.find = (names) =>
    Promise.resolve(names.map((entry) => ({ entry, definition: '{}', state: null, dueAt: last })));
  const first = await searchStored(store, 'oun', 10, SEARCH_START);
  expect(first).toMatchObject({ found: [], next: { kind: 'all', lookedAt: 100_000 } });
  const second = await searchStored(store, 'oun', 10, first.next!);
  expect(second).toMatchObject({ found: [], next: { lookedAt: 200_000 } });
  const third = await searchStored(store, 'oun', 10, second.next!);
  expect(third).toMatchObject({ found: [{ entry: 'found' }], next: null });
});

test('a search leaves out entries that were removed after their names were read', async () => {
  const store = storeWith('mail a', 'mail b');
  const find = store.find.bind(store);
  store.find = (names) => find(names.slice(1));
  expect(await pages(store, 'mail', 5)).toEqual([['mail b']]);
});
