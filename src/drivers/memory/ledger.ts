import type { Broker } from '../../contracts/broker/broker.ts';
import {
  type Commit,
  type CommitOutcome,
  compare,
  encodeChange,
  type EncodedChange,
} from '../../contracts/store/commit.ts';
import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import { encodeHistory, encodeRows, type HistoryLimits } from '../../contracts/store/history.ts';
import { finishCommands, newCommandState, type CommandState } from './command-log.ts';
import { appendHistory, newHistoryState, type HistoryState } from './history.ts';
import type { InstanceState } from './instances.ts';
import type { EntryRow } from './stored-entries.ts';
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

/** The state that all ledgers of one memory and key prefix share. */
export interface LedgerState {
  /** By name. */
  readonly entries: Map<string, EntryRow>;
  /** By id, encoded: messages for a broker outside this store. */
  readonly outbox: Map<string, string>;
  readonly commands: CommandState;
  readonly history: HistoryState;
  readonly instances: InstanceState;
  /** The token of the newest term; `null` when none has begun since the ledger was new or emptied. */
  term: number | null;
  /** `empty` does not reset it, so that tokens always grow. */
  lastTerm: number;
}

export function newLedgerState(): LedgerState {
  return {
    entries: new Map(),
    outbox: new Map(),
    commands: newCommandState(),
    history: newHistoryState(),
    instances: new Map(),
    term: null,
    lastTerm: 0,
  };
}

export class MemoryLedger implements Ledger, Outbox, StateRemoval {
  readonly batch = { size: 1_000, inFlight: 1 };
  readonly #state: LedgerState;
  readonly #broker: Broker;
  readonly #limits: HistoryLimits | null;
  readonly #clock: Clock;

  constructor(state: LedgerState, broker: Broker, limits: HistoryLimits | null, clock: Clock) {
    this.#state = state;
    this.#broker = broker;
    this.#limits = limits;
    this.#clock = clock;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for (const { entry, definition, state } of this.#state.entries.values()) {
      if (definition === null && state !== null) addState(states, entry, state, unreadable);
    }
    return states;
  }

  async findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for (const entry of entries) {
      const { state = null } = this.#state.entries.get(entry) ?? {};
      if (state !== null) addState(states, entry, state, unreadable);
    }
    return states;
  }

  async beginTerm(): Promise<number> {
    this.#state.lastTerm += 1;
    this.#state.term = this.#state.lastTerm;
    return this.#state.term;
  }

  async commit({ token, changes, commands = [] }: Commit): Promise<CommitOutcome> {
    const encoded = changes.map(encodeChange);
    const found = this.#check(token, encoded);
    if (typeof found === 'object') return found;
    finishCommands(this.#state.commands, commands);
    if (found === 'repeated') return { kind: 'committed' };

    // Awaited after the states are written, so that publishing and writing are one atomic step.
    const published = this.#broker.publish(changes.flatMap(({ messages }) => messages));
    this.#write(encoded);
    this.#appendHistory(changes);
    await published;
    return { kind: 'committed' };
  }

  async append({ token, changes, commands = [] }: Commit): Promise<AppendOutcome> {
    const encoded = changes.map(encodeChange);
    const found = this.#check(token, encoded);
    if (typeof found === 'object') return found;
    finishCommands(this.#state.commands, commands);
    const { outbox } = this.#state;
    const messages = outboxMessages(changes);
    if (found === 'new') {
      for (const each of messages) outbox.set(each.id, encodeOutboxMessage(each));
      this.#write(encoded);
      this.#appendHistory(changes);
    }
    return { kind: 'committed', pending: messages.filter(({ id }) => outbox.has(id)) };
  }

  async pending(limit: number, after: string): Promise<readonly PendingMessage[]> {
    const ids = [...this.#state.outbox.keys()].filter((id) => id > after).sort();
    return ids.slice(0, limit).map((id) => decodeOutboxMessage(id, this.#state.outbox.get(id)!));
  }

  async remove(token: number, ids: readonly string[], withdrawn: readonly WithdrawnRow[] = []): Promise<boolean> {
    if (token !== this.#state.term) return false;
    const { outbox, history } = this.#state;
    const rows = withdrawn.filter(({ messageId }) => outbox.has(messageId));
    for (const id of ids) outbox.delete(id);
    if (this.#limits) appendHistory(history, encodeRows(rows, this.#clock.now()), this.#limits);
    return true;
  }

  async removeState(token: number, entry: string): Promise<boolean> {
    if (token !== this.#state.term) return false;
    const row = this.#state.entries.get(entry);
    if (row) this.#state.entries.set(entry, { ...row, state: null });
    return true;
  }

  #check(token: number, changes: readonly EncodedChange[]) {
    if (token !== this.#state.term) return { kind: 'fenced' } as const;
    return compare(changes, (entry) => this.#state.entries.get(entry)?.state);
  }

  #write(changes: readonly EncodedChange[]): void {
    const { entries } = this.#state;
    for (const { entry, after, stored } of changes) {
      if (after === null) {
        entries.delete(entry);
        continue;
      }
      const { definition = null, dueAt = null } = entries.get(entry) ?? {};
      entries.set(entry, {
        entry,
        state: after,
        dueAt: stored ? stored.dueAt : dueAt,
        definition: stored?.definition === undefined ? definition : stored.definition,
      });
    }
  }

  #appendHistory(changes: Commit['changes']): void {
    if (!this.#limits) return;
    const history = encodeHistory(changes, this.#limits, this.#clock.now());
    appendHistory(this.#state.history, history, this.#limits);
  }

  /** Deletes all states, messages and the term, as FLUSHALL does. */
  empty(): void {
    this.#state.entries.clear();
    this.#state.outbox.clear();
    this.#state.history.entries.clear();
    this.#state.history.minutes.clear();
    this.#state.term = null;
  }

  /** Writes entries and messages without checks, so that a test can store invalid ones. */
  restore(texts: { entries?: Iterable<EntryRow>; outbox?: Iterable<[string, string]> }): void {
    for (const each of texts.entries ?? []) this.#state.entries.set(each.entry, each);
    for (const [id, text] of texts.outbox ?? []) this.#state.outbox.set(id, text);
  }

  async close(): Promise<void> {}
}
