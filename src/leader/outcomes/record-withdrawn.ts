import type { Events } from '../../contracts/events/events.ts';
import type { History } from '../../contracts/store/history.ts';
import type { Clock } from '../../util/clock.ts';
import { PendingRows } from './pending-rows.ts';

/**
 * Appends a row to the history for each run whose exchange turned out to have no subscribers at its commit. Other runs
 * are withdrawn together with the removal of their messages from the outbox, which appends their rows. The answer has `flush`, which resolves
 * when this was attempted for every run withdrawn so far, and never rejects. Rows that could not be appended are tried
 * again after the next tick.
 */
export function recordWithdrawn(events: Events, history: History, clock: Clock): PendingRows {
  const rows = new PendingRows(history, events);
  events.on('skipped', ({ entry, reason, withdrawn = [] }) => {
    if (reason !== 'no-subscribers') return;
    const at = clock.now();
    for (const { taskId, dueAt, term } of withdrawn) {
      const occurrence = { first: dueAt, last: dueAt, count: 1 };
      rows.add({ entry, row: { kind: 'skip', ...occurrence, reason, at, term, taskId } });
    }
    void rows.flush();
  });
  events.on('tick', () => rows.flush());
  return rows;
}
