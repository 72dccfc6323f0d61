import type { Entry } from '../src/catalog/entry.ts';
import type { EntryState } from '../src/store/entry-state.ts';
import type { LogLine } from '../test/support/beat-process.ts';
import type { QueuedRun } from '../test/support/queues.ts';
import type { Harm } from './crew.ts';

/** All that can be known about a run afterwards. Instants are epoch milliseconds. */
export interface Evidence {
  /** The pure schedules. */
  readonly entries: readonly Entry[];
  /** What task ids are made of, among others. */
  readonly keyPrefix: string;
  /** All that was due by then must have been dealt with. */
  readonly calmAt: number;
  /** What a process did that no blow explains. */
  readonly faults: readonly string[];
  /** What was done to whom, in the order of time. */
  readonly harms: readonly Harm[];
  /** What each process said, in the order of their starts, and when it was ended. */
  readonly processes: readonly {
    readonly log: readonly LogLine[];
    readonly endedAt: number | null;
  }[];
  /** What was sent, one list per queue, oldest first. */
  readonly queues: readonly (readonly QueuedRun[])[];
  readonly records: ReadonlyMap<string, EntryState>;
  /** Whether a run may stand in a queue more than once, under the same id. */
  readonly repeats: boolean;
}
