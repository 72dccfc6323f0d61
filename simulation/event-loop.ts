import TinyQueue from 'tinyqueue';

/** A callback that is due at an instant of simulated time. */
interface Timer {
  readonly at: number;
  /** Timers of one instant run in the order in which they were set. */
  readonly order: number;
  /** `null` once it was cancelled. */
  run: (() => void) | null;
}

export type Cancel = () => void;

/** Steps between two turns of the event loop of Node.js, which handles signals and output. */
const STRIDE = 20_000;

/**
 * Simulated time: runs callbacks one after the other, in the order of their instants. Between two callbacks all promises
 * settle, so that code under test has done everything that it can do before the next event. No time passes within a step.
 */
export class EventLoop {
  /** Milliseconds since the beginning of the simulation. */
  now = 0;
  /** Callbacks that ran. */
  steps = 0;
  readonly #timers = new TinyQueue<Timer>([], (a, b) => a.at - b.at || a.order - b.order);
  #order = 0;

  /** Runs the callback after a time in milliseconds. */
  after(ms: number, run: () => void): Cancel {
    const timer: Timer = { at: this.now + Math.max(0, ms), order: this.#order++, run };
    this.#timers.push(timer);
    return () => {
      timer.run = null;
    };
  }

  /** Runs what is due until an instant, or until `isOver` returns `true` after a step. Rejects with what a callback throws. */
  run(until: number, isOver: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        let next = this.#timers.peek();
        while (next && !next.run) {
          this.#timers.pop();
          next = this.#timers.peek();
        }
        if (!next || next.at > until || isOver()) {
          this.now = Math.max(this.now, Math.min(until, next?.at ?? until));
          resolve();
          return;
        }
        this.#timers.pop();
        this.now = next.at;
        this.steps += 1;
        try {
          next.run!();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        // Node.js runs a callback of nextTick once its queue of microtasks is empty.
        if (this.steps % STRIDE === 0) setImmediate(step);
        else queueMicrotask(() => process.nextTick(step));
      };
      setImmediate(step);
    });
  }
}
