import { randomUUID } from 'node:crypto';
import { MongoCompatibilityError, MongoServerError, type ClientSession } from 'mongodb';
import { StoreError } from '../../util/errors.ts';
import { ignoreDuplicates, type Keyed, type MongoConnection } from './connection.ts';
import type { Names } from './names.ts';
import { fromParts, toParts, type ApplyWrites, type JournalPart, type Writes } from './writes.ts';

/** The newest term. */
interface TermDocument extends Keyed<'term'> {
  readonly token: number;
  /** Grows with each commit of any term. */
  readonly seq: number;
  /** A committed journal that has not been applied as a whole; `null` for none. */
  readonly journal?: Journal | null;
}

interface Journal {
  readonly commit: string;
  readonly parts: number;
  /** The number of its commit, which the documents that it writes get. */
  readonly seq: number;
}

/** What a step of a term writes, if anything, and returns. */
export interface Decision<T> {
  readonly writes: Writes | null;
  readonly result: T;
}

/** Reads what the step depends on, in the transaction of the session if there is one, and decides. May run twice. */
export type Decide<T> = (session?: ClientSession) => Promise<Decision<T>>;

/** How often beat tries again when another instance begins a term at the same instant. */
const ATTEMPTS = 10;

/** Codes of servers that have no transactions. */
const NO_TRANSACTIONS = [20, 263];

const TRANSACTION = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } } as const;

/**
 * The atomic steps of a term. On a replica set or a cluster a step is a transaction, which also locks the document of
 * the term. On a single server, which has none, the step first inserts all that it writes as a journal, and is
 * committed when the document of the term names that journal; then the writes are applied. If beat is killed in
 * between, the next step or the next term applies the journal again before anything else.
 */
export function createSteps(connection: MongoConnection, names: Names, apply: ApplyWrites) {
  const term = connection.collection<TermDocument>(names.leader);
  const journal = connection.collection<JournalPart>(names.journal);
  let hasTransactions = false;
  let lastTerm = 0;
  /** The step before. A step that ran beside it would apply its journal a second time. */
  let previous: Promise<unknown> = Promise.resolve();

  /** Applies a committed journal and removes it. */
  const finish = async ({ seq, commit }: Journal, writes: Writes): Promise<void> => {
    await apply(writes, seq);
    await term.updateOne({ _id: 'term', 'journal.commit': commit }, { $set: { journal: null } });
    await journal.deleteMany({ commit });
  };

  /** Applies a journal that is left. */
  const recover = async (committed: Journal): Promise<void> => {
    const { commit } = committed;
    const parts = await journal.find({ commit }, { sort: { number: 1 } }).toArray();
    if (parts.length === committed.parts) return finish(committed, fromParts(parts));
    // Another instance may have finished it since.
    if ((await term.findOne({ _id: 'term' }))?.journal?.commit !== commit) return;
    throw new StoreError(
      `the collection ${names.journal} has ${parts.length} of ${committed.parts} parts of commit ${commit}: something has deleted the others; set \`journal\` of the document "term" in ${names.leader} to null, and that commit is lost`,
    );
  };

  const runTransaction = async <T>(token: number, decide: Decide<T>): Promise<T | 'fenced'> => {
    for (;;) {
      const session = connection.client.startSession();
      try {
        const result = await session.withTransaction(async () => {
          const update = { $inc: { seq: 1 } };
          const options = { session, returnDocument: 'after' } as const;
          const found = await term.findOneAndUpdate({ _id: 'term', token }, update, options);
          if (!found) return 'fenced';
          if (found.journal) return { pending: found.journal };
          const { writes, result: decided } = await decide(session);
          if (writes) await apply(writes, found.seq, session);
          return { decided };
        }, TRANSACTION);
        if (result === 'fenced') return result;
        if (!result.pending) return result.decided;
        await recover(result.pending);
      } finally {
        await session.endSession();
      }
    }
  };

  const runJournal = async <T>(token: number, decide: Decide<T>): Promise<T | 'fenced'> => {
    for (;;) {
      const found = await term.findOne({ _id: 'term', token });
      if (!found) return 'fenced';
      // Its states are not those of the committed journal yet.
      if (found.journal) {
        await recover(found.journal);
        continue;
      }
      const { writes, result } = await decide();
      const commit = randomUUID();
      const parts = writes ? toParts(commit, token, writes) : [];
      if (!writes || parts.length === 0) return result;
      await journal.insertMany(parts);
      const seq = found.seq + 1;
      const committed = { commit, parts: parts.length, seq };
      const unchanged = { _id: 'term', token, seq: found.seq, journal: null } as const;
      const { matchedCount } = await term.updateOne(unchanged, { $set: { seq, journal: committed } });
      if (matchedCount === 1) {
        await connection.run('ledger.apply', () => finish(committed, writes)).catch(keepCommitted);
        return result;
      }
      await journal.deleteMany({ commit });
    }
  };

  /** Whether a transaction of this server is undone as a whole and done as a whole: tried, not assumed. */
  const tryTransactions = async (): Promise<boolean> => {
    const probe = connection.collection<Keyed>(names.journal);
    const session = connection.client.startSession();
    const ids = [randomUUID(), randomUUID()];
    const found = () => probe.countDocuments({ _id: { $in: ids } });
    const insert = async () => {
      for (const _id of ids) await probe.insertOne({ _id }, { session });
    };
    try {
      session.startTransaction(TRANSACTION);
      await insert();
      const isIsolated = (await found()) === 0;
      await session.abortTransaction();
      const isUndone = (await found()) === 0;
      await session.withTransaction(insert, TRANSACTION);
      return isIsolated && isUndone && (await found()) === ids.length;
    } catch (error) {
      if (isWithoutTransactions(error)) return false;
      throw error;
    } finally {
      await session.endSession();
      await probe.deleteMany({ _id: { $in: ids } });
    }
  };

  return {
    /** Begins a term after a trial of transactions. Resolves with its token, and whether its steps are transactions. */
    async begin(): Promise<{ readonly token: number; readonly hasTransactions: boolean }> {
      hasTransactions = await tryTransactions();
      // The server's time makes the token grow even if the collections were dropped.
      const now = await connection.readTime();
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const found = await term.findOne({ _id: 'term' });
        const token = Math.max(now, (found?.token ?? 0) + 1, lastTerm + 1);
        const isBegun = found
          ? (await term.updateOne({ _id: 'term', token: found.token }, { $set: { token }, $max: { seq: token } }))
              .matchedCount === 1
          : await term.insertOne({ _id: 'term', token, seq: token }).catch(ignoreDuplicates);
        if (!isBegun) continue;
        lastTerm = token;
        const left = (await term.findOne({ _id: 'term', token }))?.journal;
        if (left) await recover(left);
        await journal.deleteMany({ token: { $lt: token } });
        return { token, hasTransactions };
      }
      throw new StoreError('ledger.beginTerm: other instances began a term at the same instants');
    },

    /**
     * Runs a step of this term; `fenced` if a newer one has begun. `isCapped`: it writes to a capped collection, which
     * no transaction of MongoDB may.
     */
    run<T>(operation: string, token: number, decide: Decide<T>, isCapped = false): Promise<T | 'fenced'> {
      const run = hasTransactions && !isCapped ? runTransaction : runJournal;
      const step = previous.then(() => connection.run(operation, () => run(token, decide)));
      previous = step.catch(() => {});
      return step;
    },
  };
}

/** For `catch`: the commit is durable, so the error must not look like a rejection by the server. */
function keepCommitted(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  throw new StoreError(`${error.message}; the commit is durable, and its journal is applied later`, {
    unreachable: error.unreachable,
  });
}

function isWithoutTransactions(error: unknown): boolean {
  if (error instanceof MongoCompatibilityError) return true;
  if (!(error instanceof MongoServerError)) return false;
  // The client library replaces the server's error by advice on another option.
  const { code } = (error['originalError'] as { code?: unknown } | undefined) ?? error;
  return NO_TRANSACTIONS.includes(Number(code));
}

export type Steps = ReturnType<typeof createSteps>;
