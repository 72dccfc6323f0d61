/** Why a run is published. */
export type RunCause =
  /** It is due. */
  | 'schedule'
  /** It was missed, and its entry catches up on it. */
  | 'catch-up'
  /** A command asked for a run now. */
  | 'manual'
  /** A command asked for the runs of a period. */
  | 'backfill';

/** What is published once: an occurrence of an entry, and why. */
export interface Run {
  /** The name of the entry. */
  readonly entry: string;
  /** The nominal instant, epoch milliseconds. */
  readonly dueAt: number;
  readonly cause: RunCause;
  /** The id of the command that asked for it; absent for `schedule` and `catch-up`. */
  readonly commandId?: string | undefined;
  /** The workflow that it starts; absent for a single task. */
  readonly workflow?: WorkflowRun | undefined;
}

/** What the messages of one workflow have in common. */
export interface WorkflowRun {
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** How many messages the run has. */
  readonly messages: number;
}
