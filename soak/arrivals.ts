import { Redis } from 'ioredis';
import { percentile } from '../bench/stats.ts';
import { parseEnvelope } from '../test/support/queues.ts';
import { NAMES } from './plan.ts';
import type { RunTracker } from './run-tracker.ts';
import type { Lateness } from './samples.ts';

const QUEUE = 'celery';
/** How many messages one command takes after the first. */
const BATCH = 1_000;
/** Seconds. */
const BLOCK = 1;

const [STEADY, MINUTE] = [NAMES.steady(0), NAMES.minute(0)].map((name) => name.replace(/\d+$/, ''));

/** Consumes the queue as a worker does, so that it stays short, and observes how late each run arrives. */
export class Arrivals implements AsyncDisposable {
  readonly #client: Redis;
  readonly #tracker: RunTracker;
  readonly #consuming: Promise<void>;
  #stopped = false;
  #late: number[] = [];
  #burst: number | null = null;
  #runs = 0;

  constructor(url: string, tracker: RunTracker) {
    this.#client = new Redis(url);
    this.#tracker = tracker;
    this.#consuming = this.#consume();
  }

  /** What arrived since the last call. */
  take(): { readonly late: Lateness | null; readonly burst: number | null; readonly runs: number } {
    const [late, burst, runs] = [this.#late, this.#burst, this.#runs];
    this.#late = [];
    this.#burst = null;
    this.#runs = 0;
    const at = (percent: number) => percentile(late, percent);
    return { late: late.length === 0 ? null : { p50: at(50), p99: at(99), most: at(100) }, burst, runs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#consuming;
    this.#client.disconnect();
  }

  async #consume(): Promise<void> {
    while (!this.#stopped) {
      const first = await this.#client.brpop(QUEUE, BLOCK);
      if (first === null) continue;
      this.#receive([first[1]]);
      for (;;) {
        const rest = (await this.#client.rpop(QUEUE, BATCH)) ?? [];
        this.#receive(rest);
        if (rest.length < BATCH) break;
      }
    }
  }

  #receive(envelopes: readonly string[]): void {
    const at = Date.now();
    for (const envelope of envelopes) {
      const run = parseEnvelope(envelope);
      this.#tracker.receive(run);
      this.#runs++;
      if (run.entry.startsWith(STEADY!)) this.#late.push(at - run.dueAt);
      if (run.entry.startsWith(MINUTE!)) this.#burst = Math.max(this.#burst ?? 0, at - run.dueAt);
    }
  }
}
