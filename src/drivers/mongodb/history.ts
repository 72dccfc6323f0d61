import { ObjectId } from 'mongodb';
import {
  decodeRows,
  encodeHistory,
  encodeRows,
  toPage,
  type EncodedHistory,
  type History,
  type HistoryLimits,
  type HistoryRow,
  type RecordedChange,
} from '../../contracts/store/history.ts';
import { placeOfMinute, toMinutes, type MinuteCounts } from '../../contracts/store/minutes.ts';
import { DAY, MINUTE } from '../../schedule/instants.ts';
import type { Clock } from '../../util/clock.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import type { Keyed, MongoConnection } from './connection.ts';

/** Entries whose rows are read at once. */
const NAMES = 20;

/** How long the counts of a minute are retained. Milliseconds. */
const MINUTES_RETAINED = 2 * DAY;

/** A row; its `_id` grows with the order in which rows were appended. */
export interface RowDocument {
  readonly _id: ObjectId;
  readonly entry: string;
  readonly text: string;
  /** When MongoDB deletes it. */
  readonly expires: Date;
}

/** The counts of a minute; its `_id` is the number of the minute since the Unix epoch. */
export interface MinuteDocument extends Keyed<number> {
  readonly published?: number;
  readonly skipped?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  /** The commit that counted last: a commit that is applied again counts once. */
  readonly seq?: number;
  readonly expires: Date;
}

export interface MongoHistory extends History {
  encode(changes: readonly RecordedChange[]): EncodedHistory;
  toRows(encoded: EncodedHistory): readonly RowDocument[];
  /** Removes surplus rows after an append. Never rejects, so that the commit succeeds; a later call continues. */
  trim(rows: readonly RowDocument[]): Promise<void>;
}

export function mongoHistory(
  connection: MongoConnection,
  names: { readonly history: string; readonly minutes: string },
  limits: HistoryLimits,
  clock: Clock,
): MongoHistory {
  const history = connection.collection<RowDocument>(names.history);
  const minutes = connection.collection<MinuteDocument>(names.minutes);
  const oldest = () => clock.now() - limits.maxAge;
  const newestOf = (entry: string, limit: number) => history.find({ entry }, { sort: { _id: -1 }, limit }).toArray();

  const toRows = ({ rows }: EncodedHistory): readonly RowDocument[] =>
    rows.map(({ entry, at, text }) => ({ _id: new ObjectId(), entry, text, expires: new Date(at + limits.maxAge) }));

  const trim = async (rows: readonly RowDocument[]): Promise<void> => {
    const share = rowsUntilTrim(limits);
    const chosen = new Set(rows.flatMap(({ entry }) => (Math.random() * share < 1 ? entry : [])));
    try {
      for (const entry of chosen) {
        const surplus = { sort: { _id: -1 }, skip: limits.limit, limit: 1 } as const;
        const [row] = await history.find({ entry }, surplus).toArray();
        if (row) await history.deleteMany({ entry, _id: { $lte: row._id } });
      }
    } catch {
      // Commits report an unreachable server.
    }
  };

  return {
    read: (entry, { limit, before }) =>
      connection.run('history.read', async () => {
        const end = before === undefined ? null : parsePosition(before);
        if (end === undefined) return { rows: [], next: null };
        const older = end && { _id: { $lt: end } };
        const rows = await history.find({ entry, ...older }, { sort: { _id: -1 }, limit }).toArray();
        const stored = rows.map(({ _id, text }) => ({ text, position: formatPosition(_id) }));
        return toPage(entry, stored, limit, oldest());
      }),

    latest: (entries, limit) =>
      connection.run('history.latest', async () => {
        const found = new Map<string, readonly HistoryRow[]>();
        for (let from = 0; from < entries.length; from += NAMES) {
          const chunk = entries.slice(from, from + NAMES);
          const lists = await Promise.all(chunk.map((entry) => newestOf(entry, limit)));
          chunk.forEach((entry, i) => {
            const texts = lists[i]!.map(({ text }) => text);
            found.set(entry, decodeRows(texts, oldest()));
          });
        }
        return found;
      }),

    minutes: (from, to) =>
      connection.run('history.minutes', async () => {
        const between = { $gte: Math.floor(from / MINUTE), $lt: Math.ceil(to / MINUTE) };
        // MongoDB deletes expired documents once a minute.
        const found = await minutes.find({ _id: between, expires: { $gt: new Date(clock.now()) } }).toArray();
        const stored = found.map(({ _id, published = 0, skipped = 0, succeeded = 0, failed = 0 }) => {
          return { number: _id, published, skipped, succeeded, failed };
        });
        return toMinutes(stored, from, to);
      }),

    append: (rows) =>
      connection.run('history.append', async () => {
        if (rows.length === 0) return;
        const encoded = encodeRows(rows, clock.now());
        const documents = toRows(encoded);
        await history.insertMany([...documents], { ordered: false });
        if (encoded.minutes.length > 0) await minutes.bulkWrite(encoded.minutes.map((each) => countMinute(each, null)));
        await trim(documents);
      }),

    removeRows: (entry, positions) =>
      connection.run('history.removeRows', async () => {
        await history.deleteMany({ entry, _id: { $in: positions.flatMap((each) => parsePosition(each) ?? []) } });
      }),

    encode: (changes) => encodeHistory(changes, limits, clock.now()),
    toRows,
    trim,
  };
}

/** The seconds of the id, and the rest of it. */
function formatPosition(id: ObjectId): string {
  const hex = id.toHexString();
  return `${Number.parseInt(hex.slice(0, 8), 16)}-${hex.slice(8)}`;
}

/** `undefined` for the position of another store. */
function parsePosition(position: string): ObjectId | undefined {
  const [, seconds = '', rest = ''] = /^(\d{1,10})-([0-9a-f]{16})$/.exec(position) ?? [];
  const hex = Number(seconds).toString(16).padStart(8, '0') + rest;
  return rest !== '' && hex.length === 24 ? new ObjectId(hex) : undefined;
}

/** Adds to the counts of a minute; with the number of a commit, once. */
export function countMinute({ at, ...counts }: MinuteCounts, seq: number | null) {
  const { number } = placeOfMinute(at);
  return {
    updateOne: {
      filter: { _id: number, ...(seq !== null && { seq: { $not: { $gte: seq } } }) },
      update: { $inc: counts, $set: { expires: new Date(at + MINUTES_RETAINED), ...(seq !== null && { seq }) } },
      upsert: true,
    },
  };
}
