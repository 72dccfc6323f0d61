/**
 * Why a run is published. `schedule`: it is due. `catch-up`: it was missed, and its entry's policy makes up for
 * it. `manual`: a command asked for a run now. `backfill`: a command asked for the runs of a period.
 */
export type RunCause = 'schedule' | 'catch-up' | 'manual' | 'backfill';

/** What is published once: an occurrence of an entry, and why. */
export interface Run {
  /** The name of the entry. */
  readonly entry: string;
  /** The nominal instant, epoch milliseconds. */
  readonly dueAt: number;
  readonly cause: RunCause;
  /** The id of the command that asked for it; absent for `schedule` and `catch-up`. */
  readonly commandId?: string | undefined;
}
