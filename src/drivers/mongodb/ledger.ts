import { randomUUID } from 'node:crypto';
import type { ClientSession } from 'mongodb';
import { prepareEnvelope } from '../../celery/kombu/envelope.ts';
import { formatDestination } from '../../celery/message/destination.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import {
  compare,
  conflictOfAll,
  encodeChange,
  type Commit,
  type CommitOutcome,
  type EncodedChange,
} from '../../contracts/store/commit.ts';
import type { Rejection } from '../../contracts/broker/broker.ts';
import type { Warn } from '../../contracts/events/beat-events.ts';
import { encodeRows } from '../../contracts/store/history.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import {
  decodeOutboxMessage,
  encodeOutboxMessage,
  type AppendOutcome,
  type Outbox,
  outboxMessages,
} from '../../contracts/store/outbox.ts';
import type { Clock } from '../../util/clock.ts';
import { trimAudit, type AuditDocument } from './command-log.ts';
import { rejectionReason, type MongoConnection } from './connection.ts';
import type { EntryDocument, MongoEntries } from './entries.ts';
import type { MongoHistory } from './history.ts';
import { MAX_DOCUMENT, type Kombu } from './kombu.ts';
import type { Names } from './names.ts';
import type { Decide, Steps } from './steps.ts';
import { NO_WRITES, type OutboxDocument, type Writes } from './writes.ts';

export interface MongoLedgerOptions {
  readonly connection: MongoConnection;
  readonly names: Names;
  readonly steps: Steps;
  readonly kombu: Kombu;
  readonly entries: MongoEntries;
  /** The history that commits append to; `null` for none. */
  readonly history: MongoHistory | null;
  readonly clock: Clock;
  readonly warn: Warn | undefined;
}

type NotCommitted = Exclude<CommitOutcome, { kind: 'committed' }>;

/** A ledger beside kombu's collections; or, for a broker that is not this database, an outbox. */
export function mongoLedger(options: MongoLedgerOptions): Ledger & Outbox & StateRemoval {
  const { connection, names, steps, kombu, entries, history, clock, warn } = options;
  const states = connection.collection<EntryDocument>(names.entries);
  const outbox = connection.collection<OutboxDocument>(names.outbox);
  const audit = connection.collection<AuditDocument>(names.audit);

  const check = async (
    changes: readonly EncodedChange[],
    commands: readonly FinishedCommand[],
    session?: ClientSession,
  ): Promise<ReturnType<typeof compare>> => {
    const ids = changes.map(({ entry }) => entry);
    const shown = { projection: { state: 1 }, ...(session && { session }) } as const;
    const found = await states.find({ _id: { $in: ids } }, shown).toArray();
    const texts = new Map(found.map(({ _id, state }) => [_id, state]));
    const outcome = compare(changes, (entry) => texts.get(entry));
    if (outcome !== 'repeated') return outcome;
    const finished = commands.flatMap(({ id }) => id ?? []);
    const rows = await audit.countDocuments({ _id: { $in: finished } }, { ...(session && { session }) });
    return rows === finished.length ? 'repeated' : conflictOfAll(changes);
  };

  const finishing = (commands: readonly FinishedCommand[]): Pick<Writes, 'commands' | 'audit'> => ({
    commands: commands.map(({ key }) => Number(key)),
    audit: commands.flatMap(({ id, audit: json }) => (id === null ? [] : { id, json })),
  });

  /** Commits with these messages; `repeat` is called instead if an earlier attempt was committed. */
  const commitWith = async <T extends { readonly kind: 'committed' }>(
    operation: string,
    commit: Commit,
    messages: Pick<Writes, 'messages' | 'broadcasts' | 'outbox'>,
    committed: T,
    { rejected, repeat }: { rejected: Rejection | undefined; repeat: (session?: ClientSession) => Promise<T> },
  ): Promise<T | NotCommitted> => {
    const { token, changes, commands = [] } = commit;
    const encoded = changes.map(encodeChange);
    const rows = history?.encode(changes);
    const added = { history: rows ? history!.toRows(rows) : [], minutes: rows?.minutes ?? [] };
    const finished = finishing(commands);
    try {
      const decide: Decide<T | NotCommitted> = async (session) => {
        const found = await check(encoded, commands, session);
        if (typeof found === 'object') return { writes: null, result: found };
        if (found === 'repeated') {
          const writes = commands.length > 0 ? { ...NO_WRITES, ...finished } : null;
          return { writes, result: await repeat(session) };
        }
        if (rejected) {
          const reason = `${operation}: ${formatDestination(rejected.message.destination)}: ${rejected.reason}`;
          return { writes: null, result: { kind: 'store-rejected', reason } };
        }
        const written = encoded.map(({ entry, after, stored }) => ({
          entry,
          state: after,
          isRemoved: after === null,
          stored,
        }));
        return { writes: { ...NO_WRITES, ...messages, ...added, ...finished, entries: written }, result: committed };
      };
      const outcome = await steps.run(operation, token, decide, messages.broadcasts.length > 0);
      if (outcome === 'fenced') return { kind: 'fenced' };
      if (outcome.kind === 'committed') await trim(added.history, commands.length > 0);
      return outcome;
    } catch (error) {
      const reason = rejectionReason(error);
      if (reason === null) throw error;
      return { kind: 'store-rejected', reason };
    }
  };

  const trim = async (rows: Writes['history'], isAudited: boolean): Promise<void> => {
    await history?.trim(rows);
    // The next commit with a command continues.
    if (isAudited) await trimAudit(connection, names.audit).catch(() => {});
  };

  const findPending = async (ids: readonly string[], session?: ClientSession): Promise<ReadonlySet<string>> => {
    const shown = { projection: { _id: 1 }, ...(session && { session }) } as const;
    const found = await outbox.find({ _id: { $in: [...ids] } }, shown).toArray();
    return new Set(found.map(({ _id }) => _id));
  };

  return {
    // The next batch is encoded while the server applies one.
    batch: { size: 500, inFlight: 1 },
    load: (unreadable) => entries.load(unreadable),
    findStates: (wanted, unreadable) => entries.findStates(wanted, unreadable),

    async beginTerm() {
      const { token, hasTransactions } = await connection.run('ledger.beginTerm', () => steps.begin());
      const text =
        'this MongoDB has no transactions, because it is not a replica set: if beat is killed while it publishes, it publishes the last runs again under their ids; start mongod with --replSet';
      warn?.('transactions', hasTransactions ? null : text);
      return token;
    },

    async commit(commit) {
      const all = commit.changes.flatMap(({ messages }) => messages);
      const { messages, broadcasts, rejected } = await connection.run('ledger.commit', () => kombu.encode(all, false));
      const published = { messages, broadcasts, outbox: [] };
      return commitWith('ledger.commit', commit, published, DONE, { rejected: rejected[0], repeat: async () => DONE });
    },

    prepare: (message) => prepareEnvelope(message, randomUUID()),

    async append(commit) {
      const pending = outboxMessages(commit.changes);
      const documents = pending.map((each) => ({ id: each.id, text: encodeOutboxMessage(each) }));
      const appended = { messages: [], broadcasts: [], outbox: documents };
      const large = documents.findIndex(({ text }) => Buffer.byteLength(text) > MAX_DOCUMENT);
      const message = pending[large]?.message;
      return commitWith<Extract<AppendOutcome, { kind: 'committed' }>>(
        'outbox.append',
        commit,
        appended,
        { kind: 'committed', pending },
        {
          rejected: message && { message, reason: `a document of MongoDB holds ${MAX_DOCUMENT} bytes, which is less` },
          repeat: async (session) => {
            const ids = pending.map(({ id }) => id);
            const found = await findPending(ids, session);
            return { kind: 'committed', pending: pending.filter(({ id }) => found.has(id)) };
          },
        },
      );
    },

    pending: (limit, after) =>
      connection.run('outbox.pending', async () => {
        const found = await outbox.find({ _id: { $gt: after } }, { sort: { _id: 1 }, limit }).toArray();
        return found.map(({ _id, text }) => decodeOutboxMessage(_id, text));
      }),

    async remove(token, ids, withdrawn = []) {
      const outcome = await steps.run('outbox.remove', token, async (session) => {
        const pending = await findPending(
          withdrawn.map(({ messageId }) => messageId),
          session,
        );
        const rows = withdrawn.filter(({ messageId }) => pending.has(messageId));
        const encoded = encodeRows(rows, clock.now());
        const added = history ? { history: history.toRows(encoded), minutes: encoded.minutes } : {};
        return { writes: { ...NO_WRITES, ...added, sent: ids }, result: true };
      });
      return outcome !== 'fenced';
    },

    async removeState(token, entry) {
      const outcome = await steps.run('ledger.removeState', token, async (session) => {
        const found = await states.findOne({ _id: entry }, { ...(session && { session }) });
        if (!found) return { writes: null, result: true };
        const write = { entry, state: null, isRemoved: found.order === undefined };
        return { writes: { ...NO_WRITES, entries: [write] }, result: true };
      });
      return outcome !== 'fenced';
    },

    async close() {},
  };
}

const DONE = { kind: 'committed' } as const;
