/** The exit codes of all subcommands. They are a public interface: scripts and containers rely on them. */
export const EXIT = {
  ok: 0,
  /** The subcommand failed: an instance is stuck, a store is unreachable, output could not be written. `diff`: there are differences. */
  failure: 1,
  /** Wrong usage: an unknown flag, a configuration with errors (also for `check`), an unsupported Node version. */
  usage: 2,
  /** The pidfile belongs to a running process or cannot be written: `EX_CANTCREAT`, as in Celery. */
  pidfile: 73,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a subcommand with a given exit code. The message is printed without a prefix. */
export class ExitError extends Error {
  override name = 'ExitError';
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
