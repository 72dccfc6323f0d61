import type { Ledger } from '../../src/contracts/store/ledger.ts';

/** The methods of a ledger as plain functions, for a ledger that replaces some of them. */
export function boundLedger(ledger: Ledger): Ledger {
  return {
    batch: ledger.batch,
    load: (...args) => ledger.load(...args),
    findStates: (...args) => ledger.findStates(...args),
    beginTerm: (...args) => ledger.beginTerm(...args),
    commit: (...args) => ledger.commit(...args),
    close: () => ledger.close(),
  };
}
