import type { Refusal } from './broker/broker.ts';
import type { Clock } from './clock.ts';
import type { Events } from './events.ts';
import { TermEnded, type Term } from './leadership.ts';
import type { Change, Ledger } from './ledger/ledger.ts';

export interface CommitsOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly events: Events;
  /** Called whenever a commit is tried: a store that is away is not a loop that hangs. */
  readonly progressed: () => void;
}

/** The pause before a commit that failed is tried again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;

/** How decisions reach the ledger: in batches, several at once, and repeated for as long as the term lasts. */
export class Commits {
  readonly #options: CommitsOptions;

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` over all items in the ledger's batches, as many at once as are fast there. When one
   * fails no other begins, and those under way are waited for: nothing of a term outlives it.
   */
  async inBatches<T>(
    items: readonly T[],
    term: Term,
    stop: AbortSignal,
    work: (batch: T[]) => Promise<unknown>,
  ): Promise<void> {
    const { size, inFlight } = this.#options.ledger.batch;
    let from = 0;
    const worker = async () => {
      while (from < items.length && !stop.aborted) {
        if (!term.trusted) throw new TermEnded('the lock can no longer be trusted');
        const batch = items.slice(from, from + size);
        from += size;
        await work(batch);
      }
    };
    const giveUp = (error: unknown) => {
      from = items.length;
      throw error;
    };
    const count = Math.min(inFlight, Math.ceil(items.length / size));
    const workers = Array.from({ length: count }, () => worker().catch(giveUp));
    const failed = (await Promise.allSettled(workers)).find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * Commits one batch. A failure leaves open whether it went through, and repeating it is harmless, so
   * it is repeated while the term lasts. Answers what was refused of it; `null` when a stop came before it
   * could go through.
   */
  async commit(
    changes: readonly Change[],
    term: Term,
    stop: AbortSignal,
  ): Promise<readonly Refusal[] | null> {
    const { ledger, clock, events, progressed } = this.#options;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      progressed();
      try {
        const outcome = await ledger.commit(term.number, changes);
        events.worked('commit');
        if (outcome.kind === 'committed') return outcome.refused ?? [];
        throw new TermEnded(
          outcome.kind === 'superseded'
            ? 'another term has begun'
            : `the ledger holds other records than expected, for ${outcome.entries.join(', ')}`,
        );
      } catch (error) {
        if (error instanceof TermEnded) throw error;
        events.failed('commit', error);
      }
      await clock.sleep(pause, AbortSignal.any([term.signal, stop]));
      if (stop.aborted) return null;
      if (!term.trusted) throw new TermEnded('the lock can no longer be trusted');
    }
  }
}
