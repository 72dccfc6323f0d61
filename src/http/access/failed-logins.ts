import type { Clock } from '../../util/clock.ts';

/** Milliseconds. */
const WINDOW = 60_000;
/** Failed logins in a window: of one address, and of all, so that many addresses together cannot guess either. */
const MAX_PER_ADDRESS = 5;
const MAX_IN_ALL = 100;

/** Limits how often wrong tokens can be tried at the login page. */
export class FailedLogins {
  readonly #clock: Clock;
  readonly #failures = new Map<string, number>();
  #inAll = 0;
  #until = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until this address may try again; 0 if it may now. */
  secondsToWait(address: string): number {
    const left = this.#until - this.#clock.monotonic();
    if (left <= 0) return 0;
    const isOver =
      this.#inAll >= MAX_IN_ALL || (this.#failures.get(address) ?? 0) >= MAX_PER_ADDRESS;
    return isOver ? Math.ceil(left / 1_000) : 0;
  }

  add(address: string): void {
    const now = this.#clock.monotonic();
    if (now >= this.#until) {
      this.#failures.clear();
      this.#inAll = 0;
      this.#until = now + WINDOW;
    }
    this.#failures.set(address, (this.#failures.get(address) ?? 0) + 1);
    this.#inAll += 1;
  }
}
