import type { Clock } from '../util/clock.ts';
import type { AllowedJobs } from './job.ts';

/** How long a job stays allowed after a reload removed it, for runs that were published before. Milliseconds. */
const GRACE_PERIOD = 60 * 60 * 1_000;

/** The shortest time between two reads because of undeclared jobs. Milliseconds. */
const READ_INTERVAL = 1_000;

export interface CurrentJobsOptions {
  readonly clock: Clock;
  /** Reads the configuration; resolves with `null` if it is unchanged or invalid. */
  readonly read: () => Promise<AllowedJobs | null>;
}

export class CurrentJobs {
  readonly #options: CurrentJobsOptions;
  #current: AllowedJobs;
  /** Earlier declarations that are still allowed until an instant, epoch milliseconds. */
  #earlier: readonly { readonly jobs: AllowedJobs; readonly until: number }[] = [];
  #reading: Promise<void> | null = null;
  #readAt = -Infinity;

  constructor(current: AllowedJobs, options: CurrentJobsOptions) {
    this.#current = current;
    this.#options = options;
  }

  /** Replaces the declarations; earlier ones stay allowed for the grace period. */
  replace(jobs: AllowedJobs): void {
    if (jobs.equals(this.#current)) return;
    const now = this.#options.clock.now();
    this.#earlier = [
      ...this.#earlier.filter(({ until }) => until > now),
      { jobs: this.#current, until: now + GRACE_PERIOD },
    ];
    this.#current = jobs;
  }

  /** Whether the worker may run a job. Before it answers no, it reads the configuration again. */
  async has(kwargs: Readonly<Record<string, unknown>>): Promise<boolean> {
    if (this.#has(kwargs)) return true;
    await (this.#reading ??= this.#read().finally(() => (this.#reading = null)));
    return this.#has(kwargs);
  }

  #has(kwargs: Readonly<Record<string, unknown>>): boolean {
    const now = this.#options.clock.now();
    return this.#current.has(kwargs) || this.#earlier.some(({ jobs, until }) => until > now && jobs.has(kwargs));
  }

  async #read(): Promise<void> {
    const { clock, read } = this.#options;
    const pause = this.#readAt + READ_INTERVAL - clock.monotonic();
    if (pause > 0) await clock.sleep(pause, new AbortController().signal);
    this.#readAt = clock.monotonic();
    const jobs = await read();
    if (jobs) this.replace(jobs);
  }
}
