import type { Warn } from '../../contracts/events/beat-events.ts';
import { MAX_INSTANT } from '../../schedule/instants.ts';
import { parseSortableInstant, sortableDue } from '../../contracts/store/sortable.ts';
import type {
  EntrySearch,
  PageOptions,
  Position,
  StoredEntries,
  StoredEntry,
} from '../../contracts/store/stored-entries.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { loadScript, type Script } from './scripts/script.ts';

const FIND = loadScript('find-entries');
const PAGE = loadScript('page-entries');
const POSITIONS = loadScript('page-positions');

/** The most invalid members that one warning names. */
const MAX_NAMED = 3;

/** Entries without a definition that one script reads. Redis serves other clients between two scripts. */
const UNSTORED = 1_000;

export interface RedisStoredEntries extends StoredEntries, EntrySearch {
  /** Names and encoded states of the entries without a definition. */
  readUnstored(): AsyncGenerator<readonly [entry: string, state: string]>;
}

/** Entries in hashes, with a sorted set as the index of stored ones by the time at which they are due. */
export function redisStoredEntries(
  connection: Connection,
  { order, names, definitions, states }: Keys,
  warn?: Warn,
): RedisStoredEntries {
  const walk = async (operation: string, script: Script, args: readonly string[]): Promise<Page> => {
    if (script === PAGE) return connection.runScript(operation, script, [order, definitions, states], args);
    const [last, members, invalid] = await connection.runScript<MembersPage>(operation, script, [order], args);
    const wrong = new Set(invalid);
    return [last, members.map((member, i) => [member, wrong.has(i + 1) ? null : '', null])];
  };

  const report = (invalid: readonly string[], isFirst: boolean): void => {
    if (invalid.length === 0) {
      if (isFirst) warn?.('stored-entries', null);
      return;
    }
    const named = invalid.slice(0, MAX_NAMED).map((member) => JSON.stringify(member));
    const more = invalid.length > MAX_NAMED ? ', …' : '';
    const text = `Redis: members of the sorted set ${order} name no stored entry, or one that has another member, and are ignored: ${named.join(', ')}${more}; remove them with ZREM`;
    warn?.('stored-entries', text);
  };

  /** Reads on after members that name no entry, so that only the last page is shorter than `limit`. */
  const readPage = async <T>(
    operation: string,
    script: Script,
    { limit, after, dueBy }: PageOptions,
    parse: (row: Row) => T | null,
  ): Promise<T[]> => {
    // Members of entries without a definition begin with "-".
    const from = after ? `(${sortableDue(after.dueAt)} ${after.entry}` : '(-!';
    // "!" sorts directly after the space that precedes the name.
    const to = dueBy === undefined ? '+' : `(${sortableDue(dueBy)}!`;
    const found: T[] = [];
    const invalid: string[] = [];
    let last = '';
    do {
      const [next, rows] = await walk(operation, script, [from, to, String(limit), last]);
      for (const row of rows) {
        const parsed = parse(row);
        if (parsed === null) invalid.push(row[0]);
        else found.push(parsed);
      }
      last = next;
    } while (last !== '' && found.length < limit);
    report(invalid, after === undefined);
    return found.slice(0, limit);
  };

  return {
    async find(entries) {
      const rows = await connection.runScript<Row[]>('entries.find', FIND, [definitions, states], entries);
      return rows.flatMap(([entry, text, state]) => (text === null ? [] : { entry, ...parseText(text), state }));
    },

    page: (options) =>
      readPage('entries.page', PAGE, options, ([member, text, state]): StoredEntry | null => {
        const position = parseMember(member);
        if (!position || text === null) return null;
        // The position comes from the index, so that the next page begins after this entry.
        return { ...position, definition: parseText(text).definition, state };
      }),

    positions: (options) =>
      readPage('entries.positions', POSITIONS, options, ([member, isText]) =>
        isText === null ? null : parseMember(member),
      ),

    async findByPrefix(prefix, { limit, after }) {
      const from = after === undefined ? `[${prefix}` : `(${after}`;
      const found = await connection.run('entries.findByPrefix', (client) =>
        client.zrangebylex(names, from, '+', 'LIMIT', 0, limit),
      );
      return found.filter((name) => name.startsWith(prefix));
    },

    async *readUnstored() {
      let last = '';
      do {
        const [next, rows] = await walk('ledger.load', PAGE, ['[- ', '(-!', String(UNSTORED), last]);
        for (const [member, , state] of rows) if (state !== null) yield [member.slice(2), state];
        last = next;
      } while (last !== '');
    },
  };
}

/**
 * The label is the name of the entry in a reply of `FIND`, and the member of the index in a page; `text` is `<due>
 * <definition>`.
 */
type Row = readonly [label: string, text: string | null, state: string | null];
/** The start of the next page, empty after the last one; then the rows. */
type Page = readonly [string, readonly Row[]];
type MembersPage = readonly [last: string, members: readonly string[], invalid: readonly number[]];

/** `null` for a member that names no entry. */
function parseMember(member: string): Position | null {
  const [, due, entry] = /^(\d{17}|never) (.+)$/s.exec(member) ?? [];
  if (due === undefined || entry === undefined) return null;
  const dueAt = parseDue(due);
  return dueAt !== null && Math.abs(dueAt) > MAX_INSTANT ? null : { entry, dueAt };
}

/** A text of another form is a definition that cannot be read. */
function parseText(text: string): Pick<StoredEntry, 'definition' | 'dueAt'> {
  const [, due, definition] = /^(\d{17}|never) (.*)$/s.exec(text) ?? [];
  if (due === undefined || definition === undefined) return { definition: text, dueAt: null };
  return { definition, dueAt: parseDue(due) };
}

function parseDue(due: string): number | null {
  return due === 'never' ? null : parseSortableInstant(due);
}
