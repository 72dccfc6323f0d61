/** A job that a message asks for. */
export interface JobInfo {
  readonly taskId: string;
  /** The entry of beat; empty if the sender is another program. */
  readonly entry: string;
  /** The command line; not its environment or input. */
  readonly command: string;
  readonly queue: string;
}

/** What happened to a job in the end. */
export interface JobEnded extends JobInfo {
  /** Such as `exit code 3 after 0.2 s: no such database`. */
  readonly description: string;
}

/** A message that this worker does not run. */
export interface MessageDiscarded {
  /** Empty for a message without an id. */
  readonly taskId: string;
  readonly queue: string;
  readonly reason: string;
}

/** The events of `beat worker`. */
export interface WorkerEvents {
  readonly started: [JobInfo];
  readonly succeeded: [JobEnded];
  readonly failed: [JobEnded];
  /** The worker may not run the job, or it cannot be started. */
  readonly rejected: [JobEnded];
  /** The message expired before the job began. */
  readonly expired: [JobInfo];
  /**
   * The task was revoked before its job began (`signal` is `null`), or its job was ended, beginning with this
   * signal.
   */
  readonly revoked: [JobInfo & { readonly signal: NodeJS.Signals | null }];
  /** The worker stopped before the job ended. With early acknowledgement the job is lost. */
  readonly interrupted: [JobInfo & { readonly lost: boolean }];
  /** The message is not one for this worker; it was removed from the queue. */
  readonly discarded: [MessageDiscarded];
  /** A worker of beat does not publish links, chains and chords. */
  readonly 'follow-ups-ignored': [JobInfo];
}
