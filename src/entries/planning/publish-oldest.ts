import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { PlannedOccurrences } from './plan-occurrences.ts';

/**
 * Limits what was planned for an entry to its oldest runs. The occurrences after them stay due, and what commands asked to
 * skip among those stays asked.
 */
export function publishOldest(
  { send, skip, changes }: PlannedOccurrences,
  state: EntryState,
  count: number,
): PlannedOccurrences {
  if (send.length <= count) return { send, skip, changes };
  const oldest = send.slice(0, count);
  const dueAt = oldest.at(-1)!;
  const asked = (state.skip ?? []).filter((at) => at > dueAt);
  return {
    send: oldest,
    skip: skip.filter(({ last }) => last < dueAt),
    changes: { ...changes, dueAt, skip: asked.length > 0 ? asked : undefined },
  };
}
