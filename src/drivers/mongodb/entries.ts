import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import { sortableDue } from '../../contracts/store/sortable.ts';
import type { EntrySearch, PageOptions, StoredEntries, StoredEntry } from '../../contracts/store/stored-entries.ts';
import type { Keyed, MongoConnection } from './connection.ts';

/**
 * An entry: its state, and, if it was created at run time, its definition. An entry that was removed has neither, and
 * MongoDB deletes it some time after `removedAt`, when no delayed write of an earlier term can bring it back.
 */
export interface EntryDocument extends Keyed {
  /** The commit that wrote it last: a write of an earlier commit has no effect. */
  readonly seq: number;
  readonly state: string | null;
  readonly definition?: string;
  /** Epoch milliseconds; `null` for never. */
  readonly due?: number | null;
  /** The place among stored entries, by `due` and name; absent without a definition. */
  readonly order?: string | null;
  readonly removedAt?: Date;
}

export function orderOf(due: number | null, entry: string): string {
  return `${sortableDue(due)} ${entry}`;
}

/** After all names that begin with the text before it. */
const LAST = '\u{10ffff}';

export interface MongoEntries extends StoredEntries, EntrySearch {
  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>>;
  findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>>;
}

export function mongoEntries(connection: MongoConnection, name: string): MongoEntries {
  const entries = connection.collection<EntryDocument>(name);

  /** "!" sorts directly after the space that precedes the name. */
  const inPage = ({ after, dueBy }: Pick<PageOptions, 'after' | 'dueBy'>) => ({
    order: {
      $gt: after ? orderOf(after.dueAt, after.entry) : '',
      ...(dueBy !== undefined && { $lt: `${sortableDue(dueBy)}!` }),
    },
  });

  const toStored = ({ _id, definition = '', due = null, state }: EntryDocument): StoredEntry => {
    return { entry: _id, definition, dueAt: due, state };
  };

  return {
    load: (unreadable) =>
      connection.run('ledger.load', async () => {
        const states = new Map<string, EntryState>();
        // `null` also finds documents without the field, by its index.
        const declared = entries.find({ order: null, state: { $ne: null } });
        for await (const { _id, state } of declared) addState(states, _id, state!, unreadable);
        return states;
      }),

    findStates: (names, unreadable) =>
      connection.run('ledger.findStates', async () => {
        const states = new Map<string, EntryState>();
        const found = entries.find({ _id: { $in: [...names] }, state: { $ne: null } });
        for await (const { _id, state } of found) addState(states, _id, state!, unreadable);
        return states;
      }),

    find: (names) =>
      connection.run('entries.find', async () => {
        const found = await entries.find({ _id: { $in: [...names] }, order: { $exists: true } }).toArray();
        return found.map(toStored);
      }),

    page: (options) =>
      connection.run('entries.page', async () => {
        const found = await entries.find(inPage(options), { sort: { order: 1 }, limit: options.limit }).toArray();
        return found.map(toStored);
      }),

    positions: (options) =>
      connection.run('entries.positions', async () => {
        const shown = { projection: { due: 1 }, sort: { order: 1 }, limit: options.limit } as const;
        const found = await entries.find(inPage(options), shown).toArray();
        return found.map(({ _id, due = null }) => ({ entry: _id, dueAt: due }));
      }),

    findByPrefix: (prefix, { limit, after }) =>
      connection.run('entries.findByPrefix', async () => {
        const from = after === undefined ? { $gte: prefix } : { $gt: after };
        const names = { _id: { ...from, $lt: `${prefix}${LAST}` }, order: { $exists: true } };
        const found = await entries.find(names, { projection: { _id: 1 }, sort: { _id: 1 }, limit }).toArray();
        return found.map(({ _id }) => _id);
      }),
  };
}
