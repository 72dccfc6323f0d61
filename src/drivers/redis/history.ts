import { createHash } from 'node:crypto';
import {
  decodeRows,
  encodeRows,
  toPage,
  type EncodedHistory,
  type EncodedRow,
  type History,
  type HistoryLimits,
  type HistoryRow,
} from '../../contracts/store/history.ts';
import { COUNTERS, placeOfMinute, slotsOf, type StoredMinute, toMinutes } from '../../contracts/store/minutes.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import type { Clock } from '../../util/clock.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { loadScript, type ScriptInput } from './scripts/script.ts';

/** Appended rows of an entry between two checks of its oldest row's age, which also renew the expiry of its key. */
const CHECK = 8;

/** Adds the keys and arguments of `includes/history.lua`. `now` is in epoch milliseconds. */
export function addHistory(
  { rows, minutes }: EncodedHistory,
  limits: HistoryLimits | null,
  now: number,
  names: Keys,
  { keys, args }: ScriptInput,
): void {
  if (!limits || rows.length === 0) {
    args.push('0');
    return;
  }
  const { limit, maxAge } = limits;
  args.push(String(rows.length), String(limit), String(Math.ceil(rowsUntilTrim(limits))));
  // Renewing the expiry with each row would be a third of the cost. At most half of the maximum age passes between two
  // renewals. A key expires after twice the maximum age, so all its rows are too old by then.
  const isRare = ({ at, previous }: EncodedRow) => previous === null || at - previous > maxAge / (2 * CHECK);
  args.push(String(2 * maxAge), String(now - maxAge), String(CHECK));
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

const APPEND_HISTORY = loadScript('append-history');

/** The history of each entry in a list, oldest first. A stream would take 4 kB for an entry with one row. */
export function redisHistory(connection: Connection, names: Keys, limits: HistoryLimits, clock: Clock): History {
  const oldestShown = () => clock.now() - limits.maxAge;
  return {
    async read(entry, { limit, before }) {
      const position = before === undefined ? null : parsePosition(before);
      const from = position?.index ?? 0;
      const oldestFirst = await connection.run('history.read', (client) =>
        client.lrange(names.history(entry), -1 - from - limit - APPENDED_BETWEEN, -1 - from),
      );
      const texts = oldestFirst.toReversed();
      const skipped = position === null ? 0 : texts.findIndex((text) => hash(text) === position.hash) + 1;
      // The row is gone: it was removed since, and all older rows with it.
      if (position !== null && skipped === 0) return { rows: [], next: null };
      const stored = texts
        .slice(skipped, skipped + limit)
        .map((text, i) => ({ text, position: `${from + skipped + i}-${hash(text)}` }));
      return toPage(entry, stored, limit, oldestShown());
    },

    async latest(entries, limit) {
      const found = new Map<string, readonly HistoryRow[]>();
      for (let from = 0; from < entries.length; from += NAMES) {
        const chunk = entries.slice(from, from + NAMES);
        const lists = await connection.run('history.latest', (client) =>
          Promise.all(chunk.map((name) => client.lrange(names.history(name), -limit, -1))),
        );
        const oldest = oldestShown();
        chunk.forEach((name, i) => found.set(name, decodeRows(lists[i]!.toReversed(), oldest)));
      }
      return found;
    },

    async minutes(from, to) {
      const stored = await connection.readFields('history.minutes', names.minutes, slotsOf(from, to).map(String));
      return toMinutes(
        stored.map(([, text]) => parseMinute(text)),
        from,
        to,
      );
    },

    async append(rows) {
      if (rows.length === 0) return;
      const input: ScriptInput = { keys: [], args: [] };
      const now = clock.now();
      addHistory(encodeRows(rows, now), limits, now, names, input);
      await connection.runScript('history.append', APPEND_HISTORY, input.keys, input.args);
    },

    async removeRows(entry, positions) {
      if (positions.length === 0) return;
      const key = names.history(entry);
      const parsed = positions.map(parsePosition);
      const hashes = new Set(parsed.map((each) => each.hash));
      const oldest = Math.max(...parsed.map(({ index }) => index));
      await connection.run('history.removeRows', async (client) => {
        const texts = await client.lrange(key, -1 - oldest - APPENDED_BETWEEN, -1);
        const removed = new Set(texts.filter((text) => hashes.has(hash(text))));
        await Promise.all([...removed].map((text) => client.lrem(key, 0, text)));
      });
    },
  };
}

/**
 * The most rows that may be appended between two pages. A position is the index of a row, from the newest, and the hash
 * of its text. Appended rows increase the index, so a page searches for the row among this many more rows.
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
  const [number = NaN, published = NaN, skipped = NaN, succeeded = NaN, failed = NaN] = text.split(' ').map(Number);
  return { number, published, skipped, succeeded, failed };
}
