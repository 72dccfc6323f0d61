import { BSON, type ClientSession } from 'mongodb';
import type { StoredChange } from '../../contracts/store/commit.ts';
import type { MinuteCounts } from '../../contracts/store/minutes.ts';
import type { AuditDocument, CommandDocument } from './command-log.ts';
import { inBatches, type Keyed, type MongoConnection } from './connection.ts';
import { orderOf, type EntryDocument } from './entries.ts';
import { countMinute, type MinuteDocument, type RowDocument } from './history.ts';
import type { BroadcastDocument, Kombu, MessageDocument } from './kombu.ts';
import type { Names } from './names.ts';

/** A message for a broker outside this store. */
export interface OutboxDocument extends Keyed {
  readonly text: string;
  /** The commit that wrote it. */
  readonly seq: number;
}

/** What one step of a term writes. Writing it again changes nothing, except that consumed messages are queued again. */
export interface Writes {
  readonly messages: readonly MessageDocument[];
  readonly broadcasts: readonly BroadcastDocument[];
  readonly entries: readonly EntryWrite[];
  readonly outbox: readonly { readonly id: string; readonly text: string }[];
  /** Ids of messages that leave the outbox. */
  readonly sent: readonly string[];
  readonly history: readonly RowDocument[];
  readonly minutes: readonly MinuteCounts[];
  /** Ids of finished commands. */
  readonly commands: readonly number[];
  readonly audit: readonly { readonly id: string; readonly json: string }[];
}

export interface EntryWrite {
  readonly entry: string;
  readonly state: string | null;
  /** Whether the entry is removed with its definition. */
  readonly isRemoved: boolean;
  readonly stored?: StoredChange | undefined;
}

export const NO_WRITES: Writes = {
  messages: [],
  broadcasts: [],
  entries: [],
  outbox: [],
  sent: [],
  history: [],
  minutes: [],
  commands: [],
  audit: [],
};

/** The most commands of a commit: the numbers of their audit rows are between those of two commits. */
const MAX_BATCH = 1_000;

/** Applies the writes of the commit `seq`, in a transaction if there is a session. */
export type ApplyWrites = (writes: Writes, seq: number, session?: ClientSession) => Promise<void>;

export function createApplyWrites(connection: MongoConnection, names: Names, kombu: Kombu): ApplyWrites {
  const entries = connection.collection<EntryDocument>(names.entries);
  const outbox = connection.collection<OutboxDocument>(names.outbox);
  const history = connection.collection<RowDocument>(names.history);
  const minutes = connection.collection<MinuteDocument>(names.minutes);
  const commands = connection.collection<CommandDocument>(names.commands);
  const audit = connection.collection<AuditDocument>(names.audit);

  return async (writes, seq, session) => {
    const options = { ordered: false, ...(session && { session }) };
    const auditRows = writes.audit.map(({ id, json }, i) => {
      return { replaceOne: { filter: { _id: id }, replacement: { json, order: seq * MAX_BATCH + i }, upsert: true } };
    });
    await kombu.insert(writes, session);
    await inBatches(writes.outbox, (batch) =>
      outbox.bulkWrite(
        batch.map((each) => keepMessage(each, seq)),
        options,
      ),
    );
    await inBatches(writes.sent, (batch) => outbox.deleteMany({ _id: { $in: batch } }, options));
    await inBatches(writes.entries, (batch) =>
      entries.bulkWrite(
        batch.map((each) => writeEntry(each, seq)),
        options,
      ),
    );
    await inBatches(writes.history, (batch) => history.insertMany(batch, options));
    await inBatches(writes.minutes, (batch) =>
      minutes.bulkWrite(
        batch.map((each) => countMinute(each, seq)),
        options,
      ),
    );
    await inBatches(auditRows, (batch) => audit.bulkWrite(batch, options));
    await inBatches(writes.commands, (batch) => commands.deleteMany({ _id: { $in: batch } }, options));
  };
}

function keepMessage({ id, text }: Writes['outbox'][number], seq: number) {
  return { updateOne: { filter: { _id: id, seq: { $lt: seq } }, update: { $set: { text, seq } }, upsert: true } };
}

/** An upsert that fails with a duplicate key if a later commit has written the entry. */
function writeEntry({ entry, state, isRemoved, stored }: EntryWrite, seq: number) {
  const filter = { _id: entry, seq: { $lt: seq } };
  const hasNoDefinition = isRemoved || stored?.definition === null;
  const place = stored && !hasNoDefinition && { due: stored.dueAt, order: orderOf(stored.dueAt, entry) };
  const definition = typeof stored?.definition === 'string' && { definition: stored.definition };
  const gone = hasNoDefinition && { definition: '' as const, due: '' as const, order: '' as const };
  const update = {
    $set: { seq, state, ...place, ...definition },
    $unset: { ...gone, ...(!isRemoved && { removedAt: '' as const }) },
    ...(isRemoved && { $currentDate: { removedAt: true as const } }),
  };
  return { updateOne: { filter, update, upsert: true } };
}

/** A part of a journal: some of the writes of a commit. */
export interface JournalPart extends Keyed {
  readonly commit: string;
  readonly number: number;
  /** The fencing token of its term. */
  readonly token: number;
  readonly items: readonly JournalItem[];
}

interface JournalItem {
  readonly kind: keyof Writes;
  readonly value: unknown;
}

/** The most bytes of a part, so that it fits into a document of MongoDB together with one item of any size. */
const PART_BYTES = 1_024 * 1_024;

/** Divides writes into documents. */
export function toParts(commit: string, token: number, writes: Writes): JournalPart[] {
  const parts: JournalItem[][] = [];
  let bytes = Infinity;
  for (const kind of Object.keys(NO_WRITES) as (keyof Writes)[]) {
    for (const value of writes[kind]) {
      const item = { kind, value };
      const size = BSON.calculateObjectSize(item, { ignoreUndefined: true });
      if (bytes + size > PART_BYTES) {
        parts.push([]);
        bytes = 0;
      }
      bytes += size;
      parts.at(-1)!.push(item);
    }
  }
  return parts.map((items, number) => ({ _id: `${commit} ${number}`, commit, number, token, items }));
}

/** The inverse of `toParts`. */
export function fromParts(parts: readonly JournalPart[]): Writes {
  const items = parts.flatMap((part) => part.items);
  const kinds = Object.keys(NO_WRITES).map((kind) => {
    return [kind, items.filter((item) => item.kind === kind).map(({ value }) => value)];
  });
  return Object.fromEntries(kinds) as Writes;
}
