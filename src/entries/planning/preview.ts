import TinyQueue from 'tinyqueue';
import type { Entry, Occurrence } from '../catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';

/**
 * The next `count` occurrences of each entry strictly later than `after` (epoch milliseconds), all in the order of
 * time, then of names, as they are sent. It uses the schedules without the states of the ledger, so intervals count
 * from `after`.
 */
export function* upcoming(entries: readonly Entry[], after: number, count: number): Generator<Occurrence> {
  const heap = new TinyQueue<Occurrence & { left: number }>([], byDueAt);
  const push = (entry: Entry, from: number, left: number) => {
    const dueAt = left > 0 ? nextAfter(entry.schedule, from) : Infinity;
    if (dueAt !== Infinity) heap.push({ entry, dueAt, left });
  };
  for (const entry of entries) push(entry, after, count);
  for (let top = heap.pop(); top; top = heap.pop()) {
    yield { entry: top.entry, dueAt: top.dueAt };
    push(top.entry, top.dueAt, top.left - 1);
  }
}

function byDueAt(a: Occurrence, b: Occurrence): number {
  return a.dueAt - b.dueAt || (a.entry.name < b.entry.name ? -1 : 1);
}
