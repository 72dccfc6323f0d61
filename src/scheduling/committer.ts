import { Announcements, type AnnouncementsOptions } from './chord-sizes.ts';
import type { Refusal } from '../broker/broker.ts';
import { StoreError } from '../util/errors.ts';
import { TermEnded, type Term } from './leadership.ts';
import type { Change, Ledger } from '../store/ledger.ts';
import type { Message } from '../message/message.ts';

export interface CommitsOptions extends AnnouncementsOptions {
  readonly ledger: Ledger;
  /**
   * Called whenever a commit was answered, or failed: a store that is away is not a loop that hangs. A commit
   * that ends the term is no progress.
   */
  readonly progressed: () => void;
}

/** The pause before a commit that failed is tried again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;

/** What of a batch that was committed is not in its queue. */
export interface Committed {
  /** Kept, to be sent later: the broker, which is not the ledger, would not take them. */
  readonly refused: readonly Refusal[];
  /** Entries whose changes the store would not make: nothing of them happened. */
  readonly declined: readonly string[];
  /** Entries whose chords could not be announced: nothing of them happened either. */
  readonly unannounced: readonly string[];
  /** Gone: they went to a fanout exchange, which keeps nothing, while nobody listened. */
  readonly unheard: readonly Message[];
}

const NOTHING_LEFT: Committed = { refused: [], declined: [], unannounced: [], unheard: [] };

/** How decisions reach the ledger: in batches, several at once, and repeated for as long as the term lasts. */
export class Commits {
  readonly #options: CommitsOptions;
  readonly #announcements: Announcements;

  constructor(options: CommitsOptions) {
    this.#options = options;
    this.#announcements = new Announcements(options);
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
   * it is repeated while the term lasts. A batch that the store declines is taken apart, so that one
   * entry does not hold up the others. Tasks of chords follow when those have been announced: a chord that
   * ends before is never joined. `null` when a stop came before anything could go through.
   */
  async commit(
    changes: readonly Change[],
    term: Term,
    stop: AbortSignal,
  ): Promise<Committed | null> {
    const starting = changes.filter(startsChords);
    if (starting.length === 0) return this.#commit(changes, term, stop);
    // The others need not wait, nor hope, for the result backend.
    const announced = this.#announcements.announce(starting, AbortSignal.any([term.signal, stop]));
    const plain = changes.filter((change) => !startsChords(change));
    const first = await this.#commit(plain, term, stop);
    const ready = await announced;
    if (!first) return null;
    const unannounced = namesIn(starting.filter((change) => !ready.includes(change)));
    const second = (await this.#commit(ready, term, stop)) ?? undone(ready);
    return together(first, { ...second, unannounced });
  }

  async #commit(
    changes: readonly Change[],
    term: Term,
    stop: AbortSignal,
  ): Promise<Committed | null> {
    if (changes.length === 0) return NOTHING_LEFT;
    const { ledger, clock, events, progressed } = this.#options;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        const outcome = await ledger.commit(term.number, changes, stop);
        events.reportRecovery({ kind: 'commit' });
        if (outcome.kind === 'committed') {
          progressed();
          return { ...NOTHING_LEFT, ...outcome };
        }
        if (outcome.kind === 'declined') {
          progressed();
          return await this.#apart(changes, outcome.reason, term, stop);
        }
        throw new TermEnded(
          outcome.kind === 'superseded'
            ? 'another term has begun'
            : `the ledger holds other records than expected, for ${outcome.entries.join(', ')}`,
        );
      } catch (error) {
        if (error instanceof TermEnded) throw error;
        progressed();
        events.reportFailure({ kind: 'commit' }, error);
      }
      await clock.sleep(pause, AbortSignal.any([term.signal, stop]));
      if (stop.aborted) return null;
      if (!term.trusted) throw new TermEnded('the lock can no longer be trusted');
    }
  }

  /** Finds by halves the entries whose changes the store declines, and commits the others. */
  async #apart(
    changes: readonly Change[],
    reason: string,
    term: Term,
    stop: AbortSignal,
  ): Promise<Committed | null> {
    const [first] = changes;
    if (!first) return NOTHING_LEFT;
    if (changes.length === 1) {
      const operation = { kind: 'commit-entry', entry: first.entry } as const;
      this.#options.events.reportFailure(operation, new StoreError(reason));
      return { ...NOTHING_LEFT, declined: [first.entry] };
    }
    const half = Math.ceil(changes.length / 2);
    const rest = changes.slice(half);
    const before = await this.#commit(changes.slice(0, half), term, stop);
    if (!before) return null;
    const after = await this.#commit(rest, term, stop);
    return together(before, after ?? undone(rest));
  }
}

function startsChords({ chords = [] }: Change): boolean {
  return chords.length > 0;
}

/** What a stop left undone is not lost sight of, and what was done before it is told. */
function undone(changes: readonly Change[]): Committed {
  return { ...NOTHING_LEFT, declined: namesIn(changes) };
}

function together(a: Committed, b: Committed): Committed {
  return {
    refused: [...a.refused, ...b.refused],
    declined: [...a.declined, ...b.declined],
    unannounced: [...a.unannounced, ...b.unannounced],
    unheard: [...a.unheard, ...b.unheard],
  };
}

function namesIn(changes: readonly Change[]): string[] {
  return changes.map(({ entry }) => entry);
}
