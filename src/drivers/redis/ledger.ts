import { randomUUID } from 'node:crypto';
import { prepareEnvelope } from '../../celery/kombu/envelope.ts';
import { formatDestination } from '../../celery/message/destination.ts';
import { type Change, type CommitOutcome, encodeChange } from '../../contracts/store/commit.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import { addState, type EntryState } from '../../contracts/store/entry-state.ts';
import { encodeHistory, encodeRows, NO_HISTORY, type HistoryLimits } from '../../contracts/store/history.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import { decodeOutboxMessage, encodeOutboxMessage, type Outbox, outboxMessages } from '../../contracts/store/outbox.ts';
import { sortableDue } from '../../contracts/store/sortable.ts';
import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { addWrites, findUnreceived, NO_SUBSCRIBERS, type Bindings, type RedisWrites } from './bindings.ts';
import { finishArguments } from './command-log.ts';
import type { Connection } from './connection/connection.ts';
import { addHistory } from './history.ts';
import type { Keys } from './keys.ts';
import { isAboutKeys } from './rights.ts';
import { loadScript, type ScriptInput } from './scripts/script.ts';
import type { RedisStoredEntries } from './stored-entries.ts';

const BEGIN_TERM = loadScript('begin-term');
const REMOVE_STATE = loadScript('remove-state');
const COMMIT = loadScript('commit');
const CHECK = loadScript('check-commit');
const APPEND = loadScript('append');
const REMOVE = loadScript('remove-messages');
const WITHDRAW = loadScript('withdraw-messages');

/** The replies of the scripts that commit. Positions start at 1. */
type Reply = ['conflict', number[]] | ['committed', number[]?] | ['rejected'] | null;

/**
 * A ledger in Redis. For a broker in the same database one script publishes and writes the states; for any
 * other broker this is an outbox.
 */
export function redisLedger(
  connection: Connection,
  names: Keys,
  stored: RedisStoredEntries,
  bindings: Bindings,
  limits: HistoryLimits | null,
  clock: Clock,
): Ledger & Outbox & StateRemoval {
  const { term, states, order, outboxOrder, outbox } = names;

  const addCommands = (finished: readonly FinishedCommand[], { keys, args }: ScriptInput): void => {
    if (finished.length > 0) keys.push(names.commands, names.audit, names.auditOrder);
    args.push(...finishArguments(finished));
  };

  /** Adds the keys and arguments of `write-changes` and `history`. */
  const addChanges = (changes: readonly Change[], { keys, args }: ScriptInput): void => {
    const written = changes.flatMap(({ after, stored: entry }, i) => {
      if (after === null || entry?.definition === null) return [String(i + 1), '', ''];
      return entry ? [String(i + 1), sortableDue(entry.dueAt), entry.definition ?? ''] : [];
    });
    if (written.length > 0) keys.push(names.definitions, names.names);
    args.push(String(written.length / 3), ...written);
    const now = clock.now();
    addHistory(limits ? encodeHistory(changes, limits, now) : NO_HISTORY, limits, now, names, { keys, args });
  };

  const remove: Outbox['remove'] = async (token, ids, withdrawn = []) => {
    const keys = [term, outboxOrder, outbox];
    if (!limits || withdrawn.length === 0) {
      return (await connection.runScript('outbox.remove', REMOVE, keys, [String(token), ...ids])) === 1;
    }
    const args = [String(token), String(withdrawn.length), ...withdrawn.map(({ messageId }) => messageId)];
    const now = clock.now();
    addHistory(encodeRows(withdrawn, now), limits, now, names, { keys, args });
    args.push(...ids);
    const reply = await connection.runScript<number | readonly string[]>('outbox.remove', WITHDRAW, keys, args);
    if (typeof reply === 'number') return reply === 1;
    const gone = new Set(reply);
    return remove(
      token,
      ids,
      withdrawn.filter(({ messageId }) => !gone.has(messageId)),
    );
  };

  return {
    /**
     * A batch fits into one write to the socket, so that beat prepares the next batch while Redis runs the script,
     * and other clients never wait long. Larger batches are slower; more in flight are no faster.
     */
    batch: { size: 64, inFlight: 16 },

    async findStates(entries, unreadable) {
      const found = new Map<string, EntryState>();
      const texts = await connection.readFields('ledger.findStates', states, entries);
      for (const [entry, text] of texts) addState(found, entry, text, unreadable);
      return found;
    },

    async load(unreadable) {
      const found = new Map<string, EntryState>();
      for await (const [entry, text] of stored.readUnstored()) addState(found, entry, text, unreadable);
      return found;
    },

    async beginTerm() {
      const keys = [term, states, order, ...names.earlier];
      if (limits) keys.push(names.history(''), names.minutes);
      const reply = await connection.runScript<number | [string]>('ledger.beginTerm', BEGIN_TERM, keys, []);
      if (typeof reply === 'number') return reply;
      throw new StoreError(
        `ledger.beginTerm: the key ${JSON.stringify(reply[0])} is of an earlier version of beat, which this one does not read; delete the keys of that prefix, or set another keyPrefix`,
      );
    },

    async commit({ token, changes, commands = [] }) {
      const keys = [term, states, order];
      const args = commonArguments(token, changes);
      const messages = changes.flatMap((change) => change.messages);
      addCommands(commands, { keys, args });
      try {
        const writes = await bindings.readAndRoute(messages, connection, 'ledger.commit');
        const [unroutable] = writes.unroutable;
        if (unroutable) {
          // An earlier run of this commit may have published it.
          const reply = await connection.runScript<Reply>('ledger.commit', CHECK, keys, args);
          const reason = `ledger.commit: ${formatDestination(unroutable.message.destination)}: ${unroutable.reason}`;
          if (reply?.[0] === 'rejected') return { kind: 'store-rejected', reason };
          return failureIn(reply, changes) ?? { kind: 'committed' };
        }
        addChanges(changes, { keys, args });
        addWrites(writes, { keys, args });
        const reply = await connection.runScript<Reply>('ledger.commit', COMMIT, keys, args);
        return failureIn(reply, changes) ?? committed(reply, writes);
      } catch (error) {
        // An error about the ledger's own keys would fail every commit.
        if (!(error instanceof StoreError) || !isAboutKeys(error.cause, [term, states])) throw error;
        return { kind: 'store-rejected', reason: error.message };
      }
    },

    prepare: (message) => prepareEnvelope(message, randomUUID()),

    async append({ token, changes, commands = [] }) {
      const keys = [term, states, order, outboxOrder, outbox];
      const args = commonArguments(token, changes);
      const messages = outboxMessages(changes);
      addCommands(commands, { keys, args });
      addChanges(changes, { keys, args });
      for (const each of messages) args.push(each.id, encodeOutboxMessage(each));
      const reply = await connection.runScript<Reply>('outbox.append', APPEND, keys, args);
      const failure = failureIn(reply, changes);
      if (failure) return failure;
      const removed = new Set(reply?.[1]);
      return { kind: 'committed', pending: messages.filter((_, i) => !removed.has(i + 1)) };
    },

    async pending(limit, after) {
      for (let last = after; ;) {
        const from = last === '' ? '-' : `(${last}`;
        const ids = await connection.run('outbox.pending', (client) =>
          client.zrangebylex(outboxOrder, from, '+', 'LIMIT', 0, limit),
        );
        if (ids.length === 0) return [];
        const page = await connection.readFields('outbox.pending', outbox, ids);
        // If another instance has removed all of these messages, the outbox may still have later ones.
        if (page.length > 0) return page.map(([id, text]) => decodeOutboxMessage(id, text));
        last = ids.at(-1)!;
      }
    },

    remove,

    async removeState(token, entry) {
      const keys = [term, states, order];
      return (await connection.runScript('ledger.removeState', REMOVE_STATE, keys, [String(token), entry])) === 1;
    },

    close: () => connection.close(),
  };
}

function commonArguments(token: number, changes: readonly Change[]): string[] {
  const args = [String(token), String(changes.length)];
  const encoded = changes.map(encodeChange);
  for (const { entry, after } of encoded) args.push(entry, after ?? '');
  for (const { before } of encoded) args.push(before ?? '');
  return args;
}

/** Why the script wrote nothing; `null` if it committed. */
function failureIn(reply: Reply, changes: readonly Change[]): Exclude<CommitOutcome, { kind: 'committed' }> | null {
  if (reply === null) return { kind: 'fenced' };
  if (reply[0] !== 'conflict') return null;
  return { kind: 'conflict', entries: reply[1].map((i) => changes[i - 1]!.entry) };
}

function committed(reply: Reply, writes: RedisWrites): CommitOutcome {
  const unreceived = findUnreceived(writes, reply?.[0] === 'committed' ? reply[1] : []);
  if (unreceived.length === 0) return { kind: 'committed' };
  const [kind, reason] = ['no-subscribers', NO_SUBSCRIBERS] as const;
  return { kind: 'committed', unpublished: unreceived.map((message) => ({ message, kind, reason })) };
}
