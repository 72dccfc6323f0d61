/** Why a run is published. */
export type RunCause =
  /** It is due. */
  | 'schedule'
  /** It was missed, and its entry catches up on it. */
  | 'catch-up'
  /** A command requested a run now. */
  | 'manual'
  /** A command requested the runs of a period. */
  | 'backfill';

/** A run, which is published once: an occurrence of an entry, and the cause. */
export interface Run {
  readonly entry: string;
  /** The nominal instant, epoch milliseconds. */
  readonly dueAt: number;
  readonly cause: RunCause;
  /** The id of the command that requested the run; absent for `schedule` and `catch-up`. */
  readonly commandId?: string | undefined;
  /** The workflow that the run starts; absent for a single task. */
  readonly workflow?: WorkflowRun | undefined;
}

/** The values that all messages of one workflow share. */
export interface WorkflowRun {
  /** The id of the run's result. */
  readonly taskId: string;
  readonly messages: number;
}
