import type { Broker } from '../broker/broker.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { decodeRecord, encodeRecord } from '../ledger/ledger.ts';

/** What all ledgers of one place share. */
export interface LedgerState {
  /** By entry name, encoded: nobody changes a record that another still holds. */
  readonly records: Map<string, string>;
  /** The newest term; `null` when none has begun since the ledger was new or emptied. */
  term: number | null;
  /** Survives emptying, so that a number is never given twice. */
  lastTerm: number;
}

export function newLedgerState(): LedgerState {
  return { records: new Map(), term: null, lastTerm: 0 };
}

export class MemoryLedger implements Ledger {
  readonly batch = { size: 1_000, inFlight: 1 };
  readonly #state: LedgerState;
  readonly #broker: Broker;

  constructor(state: LedgerState, broker: Broker) {
    this.#state = state;
    this.#broker = broker;
  }

  async load(): Promise<Map<string, LedgerRecord>> {
    return new Map(
      [...this.#state.records].map(([entry, text]) => [entry, decodeRecord(entry, text)]),
    );
  }

  async beginTerm(): Promise<number> {
    this.#state.lastTerm += 1;
    this.#state.term = this.#state.lastTerm;
    return this.#state.term;
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const { records } = this.#state;
    if (term !== this.#state.term) return { kind: 'superseded' };
    if (changes.every((c) => records.get(c.entry) === encodeRecord(c.record))) {
      return { kind: 'committed' };
    }
    const differing = changes.filter(
      (c) => records.get(c.entry) !== (c.expected ? encodeRecord(c.expected) : undefined),
    );
    if (differing.length > 0) return { kind: 'conflict', entries: differing.map((c) => c.entry) };

    // Not awaited before the records stand: nothing may come between the two.
    const sent = this.#broker.publish(changes.flatMap((c) => c.messages));
    for (const c of changes) records.set(c.entry, encodeRecord(c.record));
    await sent;
    return { kind: 'committed' };
  }

  /** Forgets every record and the term, as a flushed server does. */
  empty(): void {
    this.#state.records.clear();
    this.#state.term = null;
  }

  async close(): Promise<void> {}
}
