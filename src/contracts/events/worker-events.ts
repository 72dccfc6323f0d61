/** A command that a message asks for. */
export interface CommandRun {
  readonly taskId: string;
  /** The entry of beat; empty if the sender is another program. */
  readonly entry: string;
  /** The command line; not its environment or input. */
  readonly command: string;
  readonly queue: string;
}

/** What happened to a command in the end. */
export interface CommandEnded extends CommandRun {
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
  readonly started: [CommandRun];
  readonly succeeded: [CommandEnded];
  readonly failed: [CommandEnded];
  /** The worker may not run the command, or it cannot be started. */
  readonly rejected: [CommandEnded];
  /** The message expired before the command began. */
  readonly expired: [CommandRun];
  /**
   * The task was revoked before its command began (`signal` is `null`), or its command was ended, beginning with this
   * signal.
   */
  readonly revoked: [CommandRun & { readonly signal: NodeJS.Signals | null }];
  /** The worker stopped before the command ended. With early acknowledgement the command is lost. */
  readonly interrupted: [CommandRun & { readonly lost: boolean }];
  /** The message is not one for this worker; it was removed from the queue. */
  readonly discarded: [MessageDiscarded];
  /** A worker of beat does not publish links, chains and chords. */
  readonly 'follow-ups-ignored': [CommandRun];
}
