import type { Change } from '../../store/commit.ts';
import { parseSortableInstant, sortableInstant } from '../../store/sortable.ts';
import type {
  EntrySearch,
  PageOptions,
  Position,
  PrefixOptions,
  StoredEntries,
  StoredEntry,
} from '../../store/stored-entries.ts';
import type { Connection } from './connection/connection.ts';
import type { EntryNames } from './entry-names.ts';
import type { Keys } from './keys.ts';
import { RIGHTS } from './rights.ts';
import { run, script, type Script } from './scripts/script.ts';

/**
 * The end of the scripts that read entries. `names` is set.
 *
 * KEYS[1]  definitions
 * KEYS[2]  states
 * returns  per name: name, due and definition, state; the latter two nil when there are none
 */
const READ = `
  local SLICE = 4000
  local rows = {}
  for from = 1, #names, SLICE do
    local to = math.min(from + SLICE - 1, #names)
    local found = {}
    for k = 1, 2 do
      found[k] = redis.pcall('HMGET', KEYS[k], unpack(names, from, to))
      local denied = failure('HMGET', KEYS[k], found[k])
      if denied then return denied end
    end
    for i = from, to do
      local row = #rows
      rows[row + 1] = names[i]
      rows[row + 2] = found[1][i - from + 1]
      rows[row + 3] = found[2][i - from + 1]
    end
  end
  return rows
`;

/**
 * Reads entries.
 *
 * ARGV  names
 */
export const FIND = script(`${RIGHTS}
  local names = ARGV
${READ}`);

/**
 * Reads the next entries in order.
 *
 * KEYS[3]  order
 * ARGV[1]  lower bound, as for ZRANGEBYLEX
 * ARGV[2]  upper bound
 * ARGV[3]  limit
 */
export const PAGE = script(`${RIGHTS}
  local members = redis.pcall('ZRANGEBYLEX', KEYS[3], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
  local denied = failure('ZRANGEBYLEX', KEYS[3], members)
  if denied then return denied end
  local names = {}
  for i, member in ipairs(members) do names[i] = member:match('^%S+ (.*)$') end
${READ}`);

/**
 * The part of a commit script that checks the rights and keys for stored entries. It follows the head, whose states
 * are those of stored entries, and defines `write_entries`. `first` is the position of its first key.
 *
 * KEYS     from `first`, definitions, order, names
 * ARGV     from `at`, per change: due ('' for an entry to remove), definition ('' for the present one)
 */
export const WRITE_ENTRIES = `
  local states, entries, order, index = KEYS[2], KEYS[first], KEYS[first + 1], KEYS[first + 2]
  local entries_from = at
  first, at = first + 3, at + 2 * n
  denied = denied
    or lacking('HMGET', entries, '')
    or lacking('HSET', entries, '', '')
    or lacking('HDEL', entries, '')
    or lacking('HDEL', states, '')
    or lacking('ZCARD', order)
    or lacking('ZADD', order, '0', '')
    or lacking('ZREM', order, '')
    or lacking('ZADD', index, '0', '')
    or lacking('ZREM', index, '')
  if denied then return denied end
  redis.call('HMGET', entries, '')
  redis.call('ZCARD', order)
  redis.call('ZCARD', index)

  local function write_entries()
    for i = 1, n do
      local name, state = ARGV[1 + 2 * i], ARGV[2 + 2 * i]
      local due, definition = ARGV[entries_from + 2 * i - 2], ARGV[entries_from + 2 * i - 1]
      local old = redis.call('HMGET', entries, name)[1]
      local old_due, old_definition = (old or ''):match('^(%S+) (.*)$')
      if old_due and old_due ~= due then redis.call('ZREM', order, old_due .. ' ' .. name) end
      if definition == '' then definition = old_definition end
      if due == '' then
        redis.call('HDEL', entries, name)
        redis.call('HDEL', states, name)
        redis.call('ZREM', index, name)
      elseif definition then
        redis.call('HSET', entries, name, due .. ' ' .. definition)
        redis.call('HSET', states, name, state)
        if old_due ~= due then redis.call('ZADD', order, 0, due .. ' ' .. name) end
        -- Completing the index of names walks along the order: an entry that moves back may have been passed by.
        if not old_due or due < old_due then redis.call('ZADD', index, 0, name) end
      end
    end
  end
`;

/** The arguments that `WRITE_ENTRIES` reads. */
export function entryArguments(changes: readonly Change[]): string[] {
  return changes.flatMap(({ stored }) =>
    stored === undefined || stored === 'removed'
      ? ['', '']
      : [formatDue(stored.dueAt), stored.definition ?? ''],
  );
}

/** Stored entries in hashes, and a sorted set as their index by the time at which they are due. */
export class RedisStoredEntries implements StoredEntries, EntrySearch {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #names: EntryNames;

  constructor(connection: Connection, keys: Keys, names: EntryNames) {
    this.#connection = connection;
    this.#keys = keys;
    this.#names = names;
  }

  async find(entries: readonly string[]): Promise<readonly StoredEntry[]> {
    const { entries: definitions, entryStates } = this.#keys;
    return this.#read('entries.find', FIND, [definitions, entryStates], entries);
  }

  async page({ limit, after, dueBy }: PageOptions): Promise<readonly StoredEntry[]> {
    const { entries, entryStates, entryOrder } = this.#keys;
    const from = after ? `(${formatDue(after.dueAt)} ${after.entry}` : '-';
    // "!" sorts directly after the space that precedes the name.
    const to = dueBy === undefined ? '+' : `(${formatDue(dueBy)}!`;
    const keys = [entries, entryStates, entryOrder];
    return this.#read('entries.page', PAGE, keys, [from, to, String(limit)]);
  }

  async positions({ limit, after }: PageOptions): Promise<readonly Position[]> {
    const from = after ? `(${formatDue(after.dueAt)} ${after.entry}` : '-';
    const members = await this.#connection.run('entries.positions', (client) =>
      client.zrangebylex(this.#keys.entryOrder, from, '+', 'LIMIT', 0, limit),
    );
    return members.map((member) => {
      const end = member.indexOf(' ');
      return { entry: member.slice(end + 1), dueAt: parseDue(member.slice(0, end)) };
    });
  }

  async findByPrefix(prefix: string, options: PrefixOptions): Promise<readonly string[] | null> {
    return this.#names.find(prefix, options);
  }

  async #read(
    operation: string,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly StoredEntry[]> {
    const rows = await this.#connection.run(
      operation,
      (client) => run(client, script, keys, args) as Promise<(string | null)[]>,
    );
    const found: StoredEntry[] = [];
    for (let i = 0; i < rows.length; i += 3) {
      const [entry, text, state] = rows.slice(i, i + 3) as [string, string | null, string | null];
      if (text !== null) found.push({ entry, ...parseText(text), state });
    }
    return found;
  }
}

/** `never` sorts after all digits. */
function formatDue(dueAt: number | null): string {
  return dueAt === null ? 'never' : sortableInstant(dueAt);
}

function parseText(text: string): Pick<StoredEntry, 'definition' | 'dueAt'> {
  const end = text.indexOf(' ');
  return { definition: text.slice(end + 1), dueAt: parseDue(text.slice(0, end)) };
}

function parseDue(due: string): number | null {
  return due === 'never' ? null : parseSortableInstant(due);
}
