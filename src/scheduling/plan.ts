import type { Entry } from '../catalog/entry.ts';
import { nextAfter } from '../schedule/next-after.ts';
import type { LedgerRecord } from '../store/ledger.ts';

/** The instant after which the entry's next occurrence is looked for. Epoch milliseconds. */
export function cursor(record: LedgerRecord): number {
  return record.dueAt === null ? record.anchor : Math.max(record.anchor, record.dueAt);
}

/** The next occurrence by the record; `Infinity` when there is none. Epoch milliseconds. */
export function nextDueAt(entry: Entry, record: LedgerRecord): number {
  return nextAfter(entry.schedule, cursor(record));
}

/** The record that an entry starts its term with, and what is new about it; `null` for no change. */
export interface Reconciled {
  readonly record: LedgerRecord;
  readonly change: 'added' | 'edited' | 'resumed' | 'paused' | 'removed' | null;
}

/**
 * Holds the config against the ledger at the beginning of a term. An entry seen for the first time, an
 * edited schedule, and an entry that comes back after it was disabled or gone all count from now: none
 * owes anything for the past. The run count is kept. `null` when there is nothing to keep.
 */
export function reconcile(
  entry: Entry | undefined,
  record: LedgerRecord | undefined,
  now: number,
): Reconciled | null {
  if (!entry?.enabled) {
    if (!record) return null;
    if (record.spec === null) return { record, change: null };
    return { record: { ...record, spec: null }, change: entry ? 'paused' : 'removed' };
  }
  const { spec } = entry.schedule;
  if (!record) {
    const fresh = { spec, anchor: now, dueAt: null, sentAt: null, taskId: null, runCount: 0 };
    return { record: fresh, change: 'added' };
  }
  if (record.spec === spec) return { record, change: null };
  return {
    record: { ...record, spec, anchor: now },
    change: record.spec === null ? 'resumed' : 'edited',
  };
}
