/** What a command answers to the shell. They are an interface: scripts and containers rely on them. */
export const EXIT = {
  /** It did what it was asked. */
  ok: 0,
  /** It failed: the running instance is stuck, a store was out of reach, output could not be written. */
  failure: 1,
  /** Wrong usage: an unknown flag, a configuration with errors (also for `check`), a Node that is too old. */
  usage: 2,
  /** The pidfile is that of a process which runs, or cannot be written: `EX_CANTCREAT`, as of Celery. */
  pidfile: 73,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with an exit code of its own. The message is complete: nothing is put before it. */
export class ExitError extends Error {
  override name = 'ExitError';
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
