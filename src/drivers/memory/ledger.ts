import type { Broker } from '../../broker/broker.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../../store/ledger.ts';
import type { OnUnreadable, RecordRemoval } from '../../store/ledger.ts';
import { addRecord, encodeRecord } from '../../store/ledger.ts';
import {
  keptMessages,
  type KeepOutcome,
  type KeptMessage,
  type Outbox,
} from '../../store/outbox.ts';
import { decodeMessage, encodeMessage } from '../../message/text.ts';

/** What all ledgers of one place share. */
export interface LedgerState {
  /** By entry name, encoded: nobody changes a record that another still holds. */
  readonly records: Map<string, string>;
  /** By id, encoded: messages for a broker elsewhere. */
  readonly kept: Map<string, string>;
  /** The newest term; `null` when none has begun since the ledger was new or emptied. */
  term: number | null;
  /** Survives emptying, so that a number is never given twice. */
  lastTerm: number;
}

export function newLedgerState(): LedgerState {
  return { records: new Map(), kept: new Map(), term: null, lastTerm: 0 };
}

export class MemoryLedger implements Ledger, Outbox, RecordRemoval {
  readonly batch = { size: 1_000, inFlight: 1 };
  readonly #state: LedgerState;
  readonly #broker: Broker;

  constructor(state: LedgerState, broker: Broker) {
    this.#state = state;
    this.#broker = broker;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, LedgerRecord>> {
    const records = new Map<string, LedgerRecord>();
    for (const [entry, text] of this.#state.records) addRecord(records, entry, text, unreadable);
    return records;
  }

  async beginTerm(): Promise<number> {
    this.#state.lastTerm += 1;
    this.#state.term = this.#state.lastTerm;
    return this.#state.term;
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const found = this.#check(term, changes);
    if (found === 'repeated') return { kind: 'committed' };
    if (found !== 'as expected') return found;

    // Not awaited before the records stand: nothing may come between the two.
    const sent = this.#broker.publish(changes.flatMap((c) => c.messages));
    this.#write(changes);
    await sent;
    return { kind: 'committed' };
  }

  async keep(term: number, changes: readonly Change[]): Promise<KeepOutcome> {
    const found = this.#check(term, changes);
    if (typeof found === 'object') return found;
    const ours = keptMessages(changes);
    if (found === 'as expected') {
      for (const { id, message } of ours) this.#state.kept.set(id, encodeMessage(message));
      this.#write(changes);
    }
    return { kind: 'committed', kept: ours.filter(({ id }) => this.#state.kept.has(id)) };
  }

  async kept(limit: number, after: string): Promise<readonly KeptMessage[]> {
    const ids = [...this.#state.kept.keys()].filter((id) => id > after).sort();
    return ids
      .slice(0, limit)
      .map((id) => ({ id, message: decodeMessage(this.#state.kept.get(id)!) }));
  }

  async forget(term: number, ids: readonly string[]): Promise<boolean> {
    if (term !== this.#state.term) return false;
    for (const id of ids) this.#state.kept.delete(id);
    return true;
  }

  async removeRecord(term: number, entry: string): Promise<boolean> {
    if (term !== this.#state.term) return false;
    this.#state.records.delete(entry);
    return true;
  }

  #check(term: number, changes: readonly Change[]) {
    const { records } = this.#state;
    if (term !== this.#state.term) return { kind: 'superseded' } as const;
    if (changes.every((c) => records.get(c.entry) === encodeRecord(c.record))) return 'repeated';
    const entries = changes
      .filter((c) => records.get(c.entry) !== (c.expected ? encodeRecord(c.expected) : undefined))
      .map((c) => c.entry);
    return entries.length > 0 ? ({ kind: 'conflict', entries } as const) : 'as expected';
  }

  #write(changes: readonly Change[]): void {
    for (const c of changes) this.#state.records.set(c.entry, encodeRecord(c.record));
  }

  /** Forgets everything kept and the term, as a flushed server does. */
  empty(): void {
    this.#state.records.clear();
    this.#state.kept.clear();
    this.#state.term = null;
  }

  async close(): Promise<void> {}
}
