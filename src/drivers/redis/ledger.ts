import { formatDestination } from '../../celery/message/destination.ts';
import { type Change, type Commit, type CommitOutcome, encodeChange } from '../../contracts/store/commit.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import { encodeHistory, encodeRows, NO_HISTORY, type HistoryLimits } from '../../contracts/store/history.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import {
  type AppendOutcome,
  decodeOutboxMessage,
  encodeOutboxMessage,
  type Outbox,
  outboxMessages,
  type PendingMessage,
  type WithdrawnRow,
} from '../../contracts/store/outbox.ts';
import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import type { Bindings } from './bindings.ts';
import { finishArguments } from './command-log.ts';
import type { Connection } from './connection/connection.ts';
import { findUnreceived, NO_SUBSCRIBERS, RedisWrites, type PubSubMessage } from './writes.ts';
import { addHistory } from './history.ts';
import type { Keys } from './keys.ts';
import { isAboutKeys } from './rights.ts';
import { loadScript, run, type Script } from './scripts/script.ts';
import { formatDue, type RedisStoredEntries } from './stored-entries.ts';

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
export class RedisLedger implements Ledger, Outbox, StateRemoval {
  /**
   * A batch fits into one write to the socket, so that beat prepares the next batch while Redis runs the script,
   * and other clients never wait long. Larger batches are slower; more in flight are no faster.
   */
  readonly batch = { size: 64, inFlight: 16 };
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #entries: RedisStoredEntries;
  readonly #bindings: Bindings;
  readonly #history: HistoryLimits | null;
  readonly #clock: Clock;

  constructor(
    connection: Connection,
    keys: Keys,
    entries: RedisStoredEntries,
    bindings: Bindings,
    history: HistoryLimits | null,
    clock: Clock,
  ) {
    this.#connection = connection;
    this.#keys = keys;
    this.#entries = entries;
    this.#bindings = bindings;
    this.#history = history;
    this.#clock = clock;
  }

  async findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    if (entries.length === 0) return states;
    const texts = await this.#connection.run('ledger.findStates', (client) =>
      client.hmget(this.#keys.states, ...entries),
    );
    entries.forEach((entry, i) => {
      const text = texts[i];
      if (typeof text === 'string') addState(states, entry, text, unreadable);
    });
    return states;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for await (const [entry, text] of this.#entries.readUnstored()) {
      addState(states, entry, text, unreadable);
    }
    return states;
  }

  async beginTerm(): Promise<number> {
    const { term, states, order, earlier, minutes } = this.#keys;
    const keys = [term, states, order, ...earlier];
    if (this.#history) keys.push(this.#keys.history(''), minutes);
    const reply = await this.#run<number | [string]>('ledger.beginTerm', BEGIN_TERM, keys, []);
    if (typeof reply === 'number') return reply;
    throw new StoreError(
      `ledger.beginTerm: the key ${JSON.stringify(reply[0])} is of an earlier version of beat, which this one does not read; delete the keys of that prefix, or set another keyPrefix`,
    );
  }

  async commit({ token, changes, commands = [] }: Commit): Promise<CommitOutcome> {
    const { term, states, order } = this.#keys;
    const keys = [term, states, order];
    const args = commonArguments(token, changes);
    const messages = changes.flatMap((change) => change.messages);
    try {
      const bindings = await this.#bindings.readFor(messages, this.#connection, 'ledger.commit');
      const writes = new RedisWrites(this.#keys, bindings);
      for (const message of messages) writes.add(message);
      const [unroutable] = writes.unroutable;
      if (unroutable) {
        // An earlier run of this commit may have published it.
        const reply = await this.#run<Reply>('ledger.commit', CHECK, [term, states], args);
        const destination = formatDestination(unroutable.destination);
        const reason = `ledger.commit: ${destination}: ${bindings.explainUnroutable(unroutable)}`;
        if (reply?.[0] === 'rejected') return { kind: 'store-rejected', reason };
        return failureIn(reply, changes) ?? { kind: 'committed' };
      }
      this.#addWrites(changes, commands, keys, args);
      this.#addHistory(changes, keys, args);
      writes.addTo(keys, args);
      const reply = await this.#run<Reply>('ledger.commit', COMMIT, keys, args);
      return failureIn(reply, changes) ?? committed(reply, writes.pubSub);
    } catch (error) {
      // An error about the ledger's own keys would fail every commit.
      if (!(error instanceof StoreError) || !isAboutKeys(error.cause, [term, states])) throw error;
      return { kind: 'store-rejected', reason: error.message };
    }
  }

  async append({ token, changes, commands = [] }: Commit): Promise<AppendOutcome> {
    const { term, states, order, outboxOrder, outbox } = this.#keys;
    const args = commonArguments(token, changes);
    const messages = outboxMessages(changes);
    const keys = [term, states, order, outboxOrder, outbox];
    this.#addWrites(changes, commands, keys, args);
    this.#addHistory(changes, keys, args);
    for (const each of messages) args.push(each.id, encodeOutboxMessage(each));
    const reply = await this.#run<Reply>('outbox.append', APPEND, keys, args);
    const failure = failureIn(reply, changes);
    if (failure) return failure;
    const removed = new Set(reply?.[1]);
    return { kind: 'committed', pending: messages.filter((_, i) => !removed.has(i + 1)) };
  }

  async pending(limit: number, after: string): Promise<readonly PendingMessage[]> {
    const { outboxOrder, outbox } = this.#keys;
    return this.#connection.run('outbox.pending', async (client) => {
      for (let last = after; ;) {
        const from = last === '' ? '-' : `(${last}`;
        const ids = await client.zrangebylex(outboxOrder, from, '+', 'LIMIT', 0, limit);
        if (ids.length === 0) return [];
        const texts = await client.hmget(outbox, ...ids);
        const page = ids.flatMap((id, i) => {
          const text = texts[i];
          return typeof text === 'string' ? [decodeOutboxMessage(id, text)] : [];
        });
        // If another instance has removed all of these messages, the outbox may still have later ones.
        if (page.length > 0) return page;
        last = ids.at(-1)!;
      }
    });
  }

  async remove(token: number, ids: readonly string[], withdrawn: readonly WithdrawnRow[] = []): Promise<boolean> {
    const { term, outboxOrder, outbox } = this.#keys;
    const keys = [term, outboxOrder, outbox];
    if (!this.#history || withdrawn.length === 0) {
      const args = [String(token), ...ids];
      return (await this.#run<number>('outbox.remove', REMOVE, keys, args)) === 1;
    }
    const args = [String(token), String(withdrawn.length)];
    for (const { messageId } of withdrawn) args.push(messageId);
    const now = this.#clock.now();
    addHistory(encodeRows(withdrawn, now), this.#history, now, this.#keys, { keys, args });
    args.push(...ids);
    const reply = await this.#run<number | readonly string[]>('outbox.remove', WITHDRAW, keys, args);
    if (typeof reply === 'number') return reply === 1;
    const gone = new Set(reply);
    const left = withdrawn.filter(({ messageId }) => !gone.has(messageId));
    return this.remove(token, ids, left);
  }

  async removeState(token: number, entry: string): Promise<boolean> {
    const { term, states, order } = this.#keys;
    const keys = [term, states, order];
    const args = [String(token), entry];
    return (await this.#run<number>('ledger.removeState', REMOVE_STATE, keys, args)) === 1;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Adds the keys and arguments of `finish-commands` and `write-changes`. */
  #addWrites(changes: readonly Change[], finished: readonly FinishedCommand[], keys: string[], args: string[]): void {
    const { commands, audit, auditOrder, definitions, names } = this.#keys;
    if (finished.length > 0) keys.push(commands, audit, auditOrder);
    const written = changes.flatMap(({ after, stored }, i) => {
      if (after === null || stored?.definition === null) return [String(i + 1), '', ''];
      return stored ? [String(i + 1), formatDue(stored.dueAt), stored.definition ?? ''] : [];
    });
    if (written.length > 0) keys.push(definitions, names);
    args.push(...finishArguments(finished), String(written.length / 3), ...written);
  }

  #addHistory(changes: readonly Change[], keys: string[], args: string[]): void {
    const now = this.#clock.now();
    const history = this.#history ? encodeHistory(changes, this.#history, now) : NO_HISTORY;
    addHistory(history, this.#history, now, this.#keys, { keys, args });
  }

  #run<T>(operation: string, script: Script, keys: string[], args: string[]): Promise<T> {
    return this.#connection.run(operation, (client) => run(client, script, keys, args) as Promise<T>);
  }
}

/** The arguments of `includes/compare-states.lua`. */
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

function committed(reply: Reply, pubSub: readonly PubSubMessage[]): CommitOutcome {
  const unreceived = findUnreceived(pubSub, reply?.[0] === 'committed' ? reply[1] : []);
  if (unreceived.length === 0) return { kind: 'committed' };
  const [kind, reason] = ['no-subscribers', NO_SUBSCRIBERS] as const;
  return { kind: 'committed', unpublished: unreceived.map((message) => ({ message, kind, reason })) };
}
