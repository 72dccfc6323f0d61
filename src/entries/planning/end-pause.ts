import type { Skip } from '../catalog/catch-up.ts';
import type { Entry } from '../catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { stretch } from '../../schedule/range.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { Steps } from '../../util/steps.ts';
import { cursor } from './plan.ts';

/** What the end of a pause changes, and the occurrences of the pause: they are skipped, never caught up. */
export interface EndedPause {
  readonly changes: Partial<Pick<EntryState, 'dueAt' | 'pause'>>;
  readonly skipped: Skip | null;
}

/** Ends the pause of an entry at `end` (epoch milliseconds): every occurrence before it is dealt with. */
export function* endPause(entry: Entry, state: EntryState, end: number): Steps<EndedPause> {
  const first = nextAfter(entry.schedule, cursor(state));
  if (first >= end) return { changes: { pause: undefined }, skipped: null };
  const skipped = { reason: 'paused', ...(yield* stretch(entry.schedule, first, end)) } as const;
  return { changes: { pause: undefined, dueAt: skipped.last }, skipped };
}
