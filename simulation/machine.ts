import type { Clock } from '../src/util/clock.ts';
import type { EventLoop } from './event-loop.ts';

/** The longest timer of Node.js, milliseconds. A longer one fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A machine with clocks of its own: they start with an error, run at their own speed, and are set. */
export class Host {
  readonly name: string;
  readonly #loop: EventLoop;
  /** The wall clock at the beginning, epoch milliseconds. */
  readonly #epoch: number;
  /** Milliseconds of these clocks in a millisecond of true time. */
  readonly #rate: number;
  #wallOffset: number;
  /** How long the machine was suspended: its monotonic clock stood still. Milliseconds. */
  #suspended = 0;

  constructor(
    name: string,
    loop: EventLoop,
    { epoch, rate = 1, skew = 0 }: { readonly epoch: number; readonly rate?: number; readonly skew?: number },
  ) {
    this.name = name;
    this.#loop = loop;
    this.#epoch = epoch;
    this.#rate = rate;
    this.#wallOffset = skew;
  }

  now(): number {
    return Math.floor(this.#epoch + this.#wallOffset + this.#loop.now * this.#rate);
  }

  monotonic(): number {
    return (this.#loop.now - this.#suspended) * this.#rate;
  }

  /** True milliseconds in a time of this host's clocks. */
  toTrue(ms: number): number {
    return ms / this.#rate;
  }

  /** Sets the wall clock forward, or back. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Sets the wall clock right, as a time server does. */
  synchronize(): void {
    this.#wallOffset = this.#loop.now * (1 - this.#rate);
  }

  /** Called when a suspended machine wakes up. */
  resumeAfter(ms: number): void {
    this.#suspended += ms;
  }
}

type State = 'running' | 'frozen' | 'dead';

/**
 * A process on a host. Code in it is driven by timers and by answers of servers: a frozen process receives them when it
 * is thawed, and a dead one never does. What it sent before is on its way all the same.
 */
export class Process {
  readonly name: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly #loop: EventLoop;
  readonly #held: (() => void)[] = [];
  readonly #endings = new Set<() => void>();
  #state: State = 'running';
  /** Timers that are set, and calls without an answer. */
  timers = 0;
  calls = 0;
  /** Whether its next commit is delayed in the network while it dies. */
  holdsCommit = false;
  /** Calls that it made since `secondBegins`, milliseconds of simulated time. */
  callsInSecond = 0;
  secondBegins = 0;
  /** How many calls it still makes until it dies; `null` unless a fault says so. */
  callsToLive: number | null = null;

  constructor(name: string, host: Host, loop: EventLoop) {
    this.name = name;
    this.host = host;
    this.#loop = loop;
    this.clock = {
      now: () => host.now(),
      monotonic: () => host.monotonic(),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get state(): State {
    return this.#state;
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Runs a continuation of this process: now, when it is thawed, or never. */
  deliver(run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'frozen') this.#held.push(run);
  }

  /** Calls the function when the process dies. Returns a function that takes this back. */
  onDeath(run: () => void): () => void {
    this.#endings.add(run);
    return () => this.#endings.delete(run);
  }

  kill(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#held.length = 0;
    for (const end of this.#endings) end();
    this.#endings.clear();
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    for (const run of this.#held.splice(0)) this.#loop.after(0, () => this.deliver(run));
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#state === 'dead') return new Promise(() => {});
    if (signal.aborted) return Promise.resolve();
    if (!(ms <= LONGEST_TIMER)) throw new Error(`a timer of ${ms} ms fires at once in Node.js`);
    const { host } = this;
    const deadline = host.monotonic() + Math.max(ms, 1);
    this.timers += 1;
    return new Promise((resolve) => {
      let isOver = false;
      const end = (): void => {
        // It may have fired while the process was frozen, and been aborted afterwards.
        if (isOver) return;
        isOver = true;
        cancel();
        signal.removeEventListener('abort', end);
        this.timers -= 1;
        resolve();
      };
      // The monotonic clock of a suspended machine stands still, and so do its timers.
      const fire = (): void => {
        const left = host.toTrue(deadline - host.monotonic());
        if (left > 0.001) cancel = this.#loop.after(left, fire);
        else this.deliver(end);
      };
      let cancel = this.#loop.after(host.toTrue(Math.max(ms, 1)), fire);
      signal.addEventListener('abort', end);
    });
  }
}
