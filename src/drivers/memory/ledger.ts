import type { Broker } from '../../contracts/broker/broker.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import { type Change, compare, conflictOfAll, encodeChange, type EncodedChange } from '../../contracts/store/commit.ts';
import { addState, type EntryState } from '../../contracts/store/entry-state.ts';
import { encodeHistory, encodeRows, type HistoryLimits } from '../../contracts/store/history.ts';
import { finishCommands, newCommandState, type CommandState } from './command-log.ts';
import { appendHistory, type HistoryState } from './history.ts';
import type { EntryRow } from './stored-entries.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import { decodeOutboxMessage, encodeOutboxMessage, type Outbox, outboxMessages } from '../../contracts/store/outbox.ts';
import type { Clock } from '../../util/clock.ts';

/** The state that all ledgers of one memory and key prefix share. */
export interface LedgerState {
  readonly entries: Map<string, EntryRow>;
  /** By id, encoded: messages for a broker outside this store. */
  readonly outbox: Map<string, string>;
  readonly commands: CommandState;
  readonly history: HistoryState;
  /** Announcements by id. */
  readonly instances: Map<string, { readonly json: string; readonly seenAt: number }>;
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
    history: { entries: new Map(), minutes: new Map() },
    instances: new Map(),
    term: null,
    lastTerm: 0,
  };
}

export interface MemoryLedger extends Ledger, Outbox, StateRemoval {
  /** Deletes all states, messages and the term, as FLUSHALL does. */
  empty(): void;
  /** Writes entries and messages without checks, so that a test can store invalid ones. */
  restore(texts: { entries?: Iterable<EntryRow>; outbox?: Iterable<[string, string]> }): void;
}

export function memoryLedger(
  state: LedgerState,
  broker: Broker,
  limits: HistoryLimits | null,
  clock: Clock,
): MemoryLedger {
  const { entries, outbox, history, commands: log } = state;

  const check = (token: number, changes: readonly EncodedChange[], commands: readonly FinishedCommand[]) => {
    if (token !== state.term) return { kind: 'fenced' } as const;
    const found = compare(changes, (entry) => entries.get(entry)?.state);
    return found === 'repeated' && !commands.every(({ id }) => id === null || log.audit.has(id))
      ? conflictOfAll(changes)
      : found;
  };

  const write = (changes: readonly Change[], encoded: readonly EncodedChange[]): void => {
    for (const { entry, after, stored } of encoded) {
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
    if (limits) appendHistory(history, encodeHistory(changes, limits, clock.now()), limits);
  };

  return {
    batch: { size: 1_000, inFlight: 1 },

    async load(unreadable) {
      const states = new Map<string, EntryState>();
      for (const { entry, definition, state: text } of entries.values()) {
        if (definition === null && text !== null) addState(states, entry, text, unreadable);
      }
      return states;
    },

    async findStates(names, unreadable) {
      const states = new Map<string, EntryState>();
      for (const entry of names) {
        const { state: text = null } = entries.get(entry) ?? {};
        if (text !== null) addState(states, entry, text, unreadable);
      }
      return states;
    },

    async beginTerm() {
      state.lastTerm += 1;
      state.term = state.lastTerm;
      return state.term;
    },

    async commit({ token, changes, commands = [] }) {
      const encoded = changes.map(encodeChange);
      const found = check(token, encoded, commands);
      if (typeof found === 'object') return found;
      finishCommands(log, commands);
      if (found === 'repeated') return { kind: 'committed' };

      // Awaited after the states are written, so that publishing and writing are one atomic step.
      const published = broker.publish(changes.flatMap(({ messages }) => messages));
      write(changes, encoded);
      await published;
      return { kind: 'committed' };
    },

    async append({ token, changes, commands = [] }) {
      const encoded = changes.map(encodeChange);
      const found = check(token, encoded, commands);
      if (typeof found === 'object') return found;
      finishCommands(log, commands);
      const messages = outboxMessages(changes);
      if (found === 'new') {
        for (const each of messages) outbox.set(each.id, encodeOutboxMessage(each));
        write(changes, encoded);
      }
      return { kind: 'committed', pending: messages.filter(({ id }) => outbox.has(id)) };
    },

    async pending(limit, after) {
      const ids = [...outbox.keys()].filter((id) => id > after).sort();
      return ids.slice(0, limit).map((id) => decodeOutboxMessage(id, outbox.get(id)!));
    },

    async remove(token, ids, withdrawn = []) {
      if (token !== state.term) return false;
      const rows = withdrawn.filter(({ messageId }) => outbox.has(messageId));
      for (const id of ids) outbox.delete(id);
      if (limits) appendHistory(history, encodeRows(rows, clock.now()), limits);
      return true;
    },

    async removeState(token, entry) {
      if (token !== state.term) return false;
      const row = entries.get(entry);
      if (row) entries.set(entry, { ...row, state: null });
      return true;
    },

    empty() {
      entries.clear();
      outbox.clear();
      history.entries.clear();
      history.minutes.clear();
      state.term = null;
    },

    restore(texts) {
      for (const each of texts.entries ?? []) entries.set(each.entry, each);
      for (const [id, text] of texts.outbox ?? []) outbox.set(id, text);
    },

    close: async () => {},
  };
}
