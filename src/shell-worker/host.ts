/** The parts of the worker's own process that commands need. */
export interface Host {
  /** The environment; commands inherit it without beat's own settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user id. */
  readonly uid: number;
  /** Sends a signal to a process, or to a process group if the number is negative; 0 only checks. */
  readonly kill: (pid: number, signal: NodeJS.Signals | 0) => void;
}
