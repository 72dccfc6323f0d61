import type { Events } from '../../contracts/events/events.ts';
import type { Outcomes, ResultReader } from '../../contracts/store/result-reader.ts';
import type { Clock } from '../../util/clock.ts';

export interface ResultReadsOptions {
  readonly reader: ResultReader;
  readonly clock: Clock;
  readonly events: Events;
}

/** The pause after a read that failed, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 30_000;

export const READ_OUTCOMES = { kind: 'read-outcomes' } as const;

/** Reads from a result backend that may be unreachable. */
export class ResultReads {
  readonly #options: ResultReadsOptions;
  #failures = 0;
  #retryAt = -Infinity;

  constructor(options: ResultReadsOptions) {
    this.#options = options;
  }

  /** When the next read may begin, because the last one failed. Epoch milliseconds. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** Resolves with `null`, and reports it, if the backend did not answer; with `null` too if the signal has aborted. */
  async read(taskIds: readonly string[], signal: AbortSignal): Promise<Outcomes | null> {
    const { reader, clock, events } = this.#options;
    try {
      const results = await reader.read(taskIds);
      if (signal.aborted) return null;
      this.#failures = 0;
      return results;
    } catch (error) {
      if (signal.aborted) return null;
      this.#retryAt = clock.now() + Math.min(FIRST_PAUSE * 2 ** this.#failures, MAX_PAUSE);
      this.#failures += 1;
      events.reportFailure(READ_OUTCOMES, error);
      return null;
    }
  }
}
