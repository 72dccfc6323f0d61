import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import type { Events } from '../events/events.ts';
import type { Change } from '../store/commit.ts';
import type { ResultBackend } from '../store/results.ts';

export interface ChordSizesOptions {
  readonly clock: Clock;
  readonly events: Events;
  /** Returns where chords are joined; `null` while no entry starts one. */
  readonly results: () => ResultBackend | null | Promise<ResultBackend | null>;
}

/** How long a batch waits for the result backend, milliseconds; and how long after it did not answer. */
const TIMEOUT = 1_000;
const TIMEOUT_IN_DOUBT = 50;

/** How long an acknowledgement is valid, milliseconds: the backend expires the registration some day. */
const VALIDITY = 60_000;

/** In a failure. */
const MAX_NAMES = 5;

const OPERATION = { kind: 'register-chords' } as const;

/**
 * Registers chord sizes with the result backend before any task of a chord is published. A backend that does
 * not answer delays others for a short time only: an acknowledgement that comes late counts at the next try.
 */
export class ChordSizes {
  readonly #options: ChordSizesOptions;
  /** By entry: the chords of its next run whose registration is under way. */
  readonly #pending = new Map<string, string>();
  /** By entry: the chords of its next run that the backend acknowledged. */
  readonly #acknowledged = new Map<string, { readonly chords: string; readonly at: number }>();
  #inDoubt = false;

  constructor(options: ChordSizesOptions) {
    this.#options = options;
  }

  /** Resolves with the changes whose chords are registered, after the timeout at most. Never rejects. */
  async register(changes: readonly Change[], stop: AbortSignal): Promise<readonly Change[]> {
    const missing = changes.filter((change) => !this.#isAcknowledged(change));
    await this.#wait(this.#register(missing), stop);
    const unregistered = changes.filter((change) => !this.#isAcknowledged(change));
    const late = unregistered.filter(({ entry }) => this.#pending.has(entry));
    if (late.length > 0) this.#reportFailure(late, 'the result backend does not answer');
    const registered = changes.filter((change) => !unregistered.includes(change));
    // It counts once: a run that is not published now may be tried again much later.
    for (const { entry } of registered) this.#acknowledged.delete(entry);
    return registered;
  }

  #isAcknowledged(change: Change): boolean {
    const acknowledged = this.#acknowledged.get(change.entry);
    if (acknowledged?.chords !== chordIds(change)) return false;
    return this.#options.clock.monotonic() - acknowledged.at < VALIDITY;
  }

  /** Never rejects. A registration that is under way is not repeated. */
  async #register(changes: readonly Change[]): Promise<void> {
    const fresh = changes.filter((each) => this.#pending.get(each.entry) !== chordIds(each));
    if (fresh.length === 0) return;
    for (const each of fresh) this.#pending.set(each.entry, chordIds(each));
    const { events, clock } = this.#options;
    try {
      const results = await this.#options.results();
      if (!results) throw new StoreError('there is no result backend to join chords');
      await results.expect(fresh.flatMap(({ chords = [] }) => chords));
      const at = clock.monotonic();
      for (const each of fresh) this.#acknowledged.set(each.entry, { chords: chordIds(each), at });
      this.#inDoubt = false;
      events.reportRecovery(OPERATION);
    } catch (error) {
      this.#reportFailure(fresh, error instanceof Error ? error.message : String(error), error);
    } finally {
      for (const each of fresh) {
        if (this.#pending.get(each.entry) === chordIds(each)) this.#pending.delete(each.entry);
      }
    }
  }

  async #wait(registered: Promise<void>, stop: AbortSignal): Promise<void> {
    const answered = new AbortController();
    const timeout = this.#inDoubt ? TIMEOUT_IN_DOUBT : TIMEOUT;
    const timedOut = this.#options.clock.sleep(timeout, AbortSignal.any([answered.signal, stop]));
    await Promise.race([registered, timedOut]);
    answered.abort();
  }

  #reportFailure(changes: readonly Change[], message: string, cause?: unknown): void {
    this.#inDoubt = true;
    const text = `${formatNames(changes)}: ${message}`;
    this.#options.events.reportFailure(OPERATION, new StoreError(text, { cause }));
  }
}

function chordIds({ chords = [] }: Change): string {
  return chords.map(({ groupId }) => groupId).join();
}

/** `entry "a"`, `entries "a", "b" and 3 more`. */
function formatNames(changes: readonly Change[]): string {
  const names = changes.slice(0, MAX_NAMES).map(({ entry }) => JSON.stringify(entry));
  const more = changes.length > MAX_NAMES ? ` and ${changes.length - MAX_NAMES} more` : '';
  return `${changes.length === 1 ? 'entry' : 'entries'} ${names.join(', ')}${more}`;
}
