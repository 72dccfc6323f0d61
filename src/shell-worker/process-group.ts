import type { Clock } from '../util/clock.ts';
import type { Host } from './host.ts';

/** Milliseconds between the first signal and SIGKILL. */
const GRACE = 10_000;

/** How often a group is checked that received a signal. Milliseconds. */
const INTERVAL = 50;

const NEVER = new AbortController().signal;

/** A process and all its descendants that did not create a group of their own. */
export class ProcessGroup {
  readonly #leader: number;
  readonly #kill: Host['kill'];
  readonly #clock: Clock;

  constructor(leader: number, { kill }: Host, clock: Clock) {
    this.#leader = leader;
    this.#kill = kill;
    this.#clock = clock;
  }

  /** Sends the signal, and SIGKILL if a process of the group is left after the grace period. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    const deadline = this.#clock.monotonic() + GRACE;
    while (this.#isRunning()) {
      if (this.#clock.monotonic() >= deadline) return void this.signal('SIGKILL');
      await this.#clock.sleep(INTERVAL, NEVER);
    }
  }

  /** Signals all processes of the group; does nothing if it has ended. */
  signal(signal: NodeJS.Signals): void {
    try {
      this.#kill(-this.#leader, signal);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  #isRunning(): boolean {
    try {
      this.#kill(-this.#leader, 0);
      return true;
    } catch (error) {
      return !isGone(error);
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}
