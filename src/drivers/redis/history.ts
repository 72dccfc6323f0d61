import { createHash } from 'node:crypto';
import {
  decodeRows,
  encodeRows,
  toPage,
  type EncodedHistory,
  type EncodedRow,
  type EntryRow,
  type History,
  type HistoryLimits,
  type HistoryPage,
  type HistoryPosition,
  type HistoryRow,
} from '../../store/history.ts';
import { COUNTERS, placeOfMinute, slotsOf, toMinutes } from '../../store/minutes.ts';
import type { MinuteCounts, StoredMinute } from '../../store/minutes.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import type { Clock } from '../../util/clock.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { RIGHTS } from './rights.ts';
import { run, script } from './scripts/script.ts';

/** After how many rows of an entry the age of its oldest is checked, and the expiry of its key renewed. */
const CHECK = 8;

/**
 * The part of a script that appends to the history. It follows `RIGHTS`, and defines `append_history` and `count_minutes`. `first`
 * is the position of its first key; `denied` is set.
 *
 * KEYS     from `first`, unless there are no rows: the counts of minutes; then one for each row, so that an entry
 *          with several rows is repeated
 * ARGV     from `at`, number of rows; unless it is 0: limit, surplus rows that may stay, expiry of a key (ms), the
 *          instant before which rows are too old, per row `1` if the key's expiry is to be renewed, else `0`; then
 *          the rows; then number of minutes, their slots, and per minute: number, what to add to its counters
 *
 * Only the user's rights to the first key are checked, because all have the same prefix. A commit ignores the error that
 * `append_history` returns: a key of another type keeps its value, the runs of its entry are published all the same,
 * and reading its history fails.
 */
export const HISTORY = `
  local rows, rows_from, rows_first = tonumber(ARGV[at]), at + 6, first
  at = at + 1
  local minutes_key, minutes_from
  if rows > 0 then
    minutes_key, rows_first = KEYS[first], first + 1
    local key = KEYS[rows_first]
    denied = denied
      or lacking('RPUSH', key, '')
      or lacking('LTRIM', key, '0', '0')
      or lacking('LRANGE', key, '0', '0')
      or lacking('HMGET', minutes_key, '')
      or lacking('HSET', minutes_key, '', '')
    if denied then return denied end
    minutes_from = rows_from + rows
    at = minutes_from + 1 + 6 * tonumber(ARGV[minutes_from])
    first = first + 1 + rows
  end

  -- Adds to the counters of each minute; another minute in its slot is replaced.
  local function count_minutes()
    local n = rows > 0 and tonumber(ARGV[minutes_from]) or 0
    if n == 0 then return end
    local slots_to = minutes_from + n
    local found = redis.pcall('HMGET', minutes_key, unpack(ARGV, minutes_from + 1, slots_to))
    if found.err then return end
    local fields = {}
    for i = 1, n do
      local from = slots_to + 5 * (i - 1) + 1
      -- A text of another program would make the script fail after it has published.
      local number, a, b, c, d = (found[i] or ''):match('^(%d+) (%-?%d+) (%-?%d+) (%-?%d+) (%-?%d+)$')
      if number and #found[i] > 64 then number = nil end
      if number ~= ARGV[from] then a, b, c, d = 0, 0, 0, 0 end
      fields[2 * i - 1] = ARGV[minutes_from + i]
      fields[2 * i] = ('%s %d %d %d %d'):format(
        ARGV[from], a + ARGV[from + 1], b + ARGV[from + 2], c + ARGV[from + 3], d + ARGV[from + 4])
    end
    redis.call('HSET', minutes_key, unpack(fields))
  end

  -- Removes the oldest rows that are too old.
  local function drop_old(key, oldest)
    local count = 0
    repeat
      local row = redis.call('LRANGE', key, count, count)[1] or ''
      local time = row:match('"sentAt":(%d+)') or row:match('"at":(%d+)') or row:match('"doneAt":(%d+)')
      local is_old = time and tonumber(time) < oldest
      if is_old then count = count + 1 end
    until not is_old
    if count > 0 then redis.call('LTRIM', key, count, -1) end
  end

  local function append_history()
    if rows == 0 then return false end
    local failed = false
    local limit, surplus = tonumber(ARGV[rows_from - 5]), tonumber(ARGV[rows_from - 4])
    local expiry, oldest = ARGV[rows_from - 3], tonumber(ARGV[rows_from - 2])
    local renewals = ARGV[rows_from - 1]
    for i = 0, rows - 1 do
      local key = KEYS[rows_first + i]
      local length = redis.pcall('RPUSH', key, ARGV[rows_from + i])
      if type(length) == 'number' then
        local is_check = length % ${CHECK} == 0
        if is_check or length == 1 or renewals:byte(i + 1) == 49 then
          redis.pcall('PEXPIRE', key, expiry)
        end
        if length > limit + surplus then redis.call('LTRIM', key, -limit, -1)
        elseif is_check then drop_old(key, oldest) end
      else
        failed = failed or failure('RPUSH', key, length)
      end
    end
    return failed
  end
`;

/** Adds the keys and arguments that `HISTORY` reads. `now` is in epoch milliseconds. */
export function addHistory(
  { rows, minutes }: EncodedHistory,
  limits: HistoryLimits | null,
  now: number,
  names: Keys,
  { keys, args }: { readonly keys: string[]; readonly args: string[] },
): void {
  if (!limits || rows.length === 0) {
    args.push('0');
    return;
  }
  const { limit, maxAge } = limits;
  args.push(String(rows.length), String(limit), String(Math.ceil(rowsUntilTrim(limits))));
  // Renewing the expiry with each row would be a third of the cost. Between two renewals passes half of the maximum
  // age at most, so that a key with twice that expiry has no row that is still to be read when it expires.
  const isRare = ({ at, previous }: EncodedRow) =>
    previous === null || at - previous > maxAge / (2 * CHECK);
  args.push(String(2 * maxAge), String(now - maxAge));
  args.push(rows.map((row) => (isRare(row) ? '1' : '0')).join(''));
  keys.push(names.minutes);
  for (const { entry, text } of rows) {
    keys.push(names.history(entry));
    args.push(text);
  }
  const places = minutes.map(({ at }) => placeOfMinute(at));
  args.push(String(minutes.length), ...places.map(({ slot }) => String(slot)));
  minutes.forEach((counts, i) => {
    args.push(String(places[i]!.number), ...COUNTERS.map((name) => String(counts[name])));
  });
}

/** Entries whose lists one round trip reads. */
const NAMES = 200;

/** Appends rows that belong to no commit. KEYS, ARGV as for `HISTORY`, from the first. */
export const APPEND_HISTORY = script(`${RIGHTS}
  local denied, first, at = false, 1, 1
${HISTORY}
  local failed = append_history()
  if failed then return failed end
  count_minutes()
  return 1
`);

/** The history of each entry in a list, oldest first. A stream would take 4 kB for an entry with one row. */
export class RedisHistory implements History {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #limits: HistoryLimits;
  readonly #clock: Clock;

  constructor(connection: Connection, keys: Keys, limits: HistoryLimits, clock: Clock) {
    this.#connection = connection;
    this.#keys = keys;
    this.#limits = limits;
    this.#clock = clock;
  }

  async read(
    entry: string,
    { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage> {
    const position = before === undefined ? null : parsePosition(before);
    const from = position === null ? 0 : position.index;
    const key = this.#keys.history(entry);
    const oldestFirst = await this.#connection.run('history.read', (client) =>
      client.lrange(key, -1 - from - limit - APPENDED_BETWEEN, -1 - from),
    );
    const texts = oldestFirst.toReversed();
    const skipped =
      position === null ? 0 : texts.findIndex((text) => hash(text) === position.hash) + 1;
    // Never found: the row was removed since, and all older ones with it.
    if (position !== null && skipped === 0) return { rows: [], next: null };
    const stored = texts.slice(skipped, skipped + limit).map((text, i) => ({
      ...{ text, position: `${from + skipped + i}-${hash(text)}` },
    }));
    return toPage(entry, stored, limit, this.#clock.now() - this.#limits.maxAge);
  }

  async latest(
    entries: readonly string[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
    const found = new Map<string, readonly HistoryRow[]>();
    for (let from = 0; from < entries.length; from += NAMES) {
      const names = entries.slice(from, from + NAMES);
      const lists = await this.#connection.run('history.latest', (client) =>
        Promise.all(names.map((name) => client.lrange(this.#keys.history(name), -limit, -1))),
      );
      const oldest = this.#clock.now() - this.#limits.maxAge;
      names.forEach((name, i) => found.set(name, decodeRows(lists[i]!.toReversed(), oldest)));
    }
    return found;
  }

  async minutes(from: number, to: number): Promise<readonly MinuteCounts[]> {
    const slots = slotsOf(from, to);
    if (slots.length === 0) return [];
    const texts = await this.#connection.run('history.minutes', (client) =>
      client.hmget(this.#keys.minutes, ...slots.map(String)),
    );
    const stored = texts.flatMap((text) => (text === null ? [] : parseMinute(text)));
    return toMinutes(stored, from, to);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    if (rows.length === 0) return;
    const keys: string[] = [];
    const args: string[] = [];
    const now = this.#clock.now();
    addHistory(encodeRows(rows, now), this.#limits, now, this.#keys, { keys, args });
    await this.#connection.run('history.append', (client) =>
      run(client, APPEND_HISTORY, keys, args),
    );
  }

  async removeRows(entry: string, positions: readonly HistoryPosition[]): Promise<void> {
    if (positions.length === 0) return;
    const key = this.#keys.history(entry);
    const hashes = new Set(positions.map((each) => parsePosition(each).hash));
    const oldest = Math.max(...positions.map((each) => parsePosition(each).index));
    await this.#connection.run('history.removeRows', async (client) => {
      const texts = await client.lrange(key, -1 - oldest - APPENDED_BETWEEN, -1);
      const removed = new Set(texts.filter((text) => hashes.has(hash(text))));
      await Promise.all([...removed].map((text) => client.lrem(key, 0, text)));
    });
  }
}

/**
 * A position is the index of a row, from the newest, and the hash of its text. Rows that are appended between two pages increase the index: a
 * page looks for the row among so many more.
 */
const APPENDED_BETWEEN = 100;

function parsePosition(text: string): { readonly index: number; readonly hash: string } {
  const [, index = '0', hash = ''] = /^(\d+)-(.*)$/.exec(text) ?? [];
  return { index: Number(index), hash };
}

function hash(text: string): string {
  return createHash('sha1').update(text).digest('base64url');
}

function parseMinute(text: string): StoredMinute {
  const [number = NaN, published = NaN, skipped = NaN, succeeded = NaN, failed = NaN] = text
    .split(' ')
    .map(Number);
  return { number, published, skipped, succeeded, failed };
}
