import type { Skip } from '../catalog/catch-up.ts';
import type { Entry } from '../catalog/entry.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';

/** An entry with its state, when a command is applied to it. */
export interface Target {
  readonly entry: Entry;
  readonly state: EntryState;
}

/** Runs that a command publishes, by their nominal instants, oldest first. Epoch milliseconds. */
export interface RunRequest {
  readonly cause: 'manual' | 'backfill';
  readonly dueAt: readonly number[];
}

/** The effect of a command on its entry. */
export interface Applied {
  readonly kind: 'applied';
  /** What changes in the state, beside what publishing runs changes (`sentAt`, `taskId`, `runCount`). */
  readonly changes: Partial<Pick<EntryState, 'dueAt' | 'pause' | 'skip' | 'backfill'>>;
  readonly runs: RunRequest | null;
  /** Occurrences that the command skips at once, to be reported. */
  readonly skipped: readonly Skip[];
  /** The answer that the sender sees, one sentence. */
  readonly answer: string;
  /** Whether the command is to be applied again, to the state that follows: this is a part of its effect. */
  readonly isPart?: boolean;
}

/** A command without an effect, and why. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: string;
}

export type Outcome = Applied | Rejected;

export function rejected(reason: string): Rejected {
  return { kind: 'rejected', reason };
}

/** An instant (epoch milliseconds) as answers and reasons show it: ISO 8601, UTC. */
export function utc(at: number): string {
  return new Date(at).toISOString();
}
