import { StoreError } from '../../util/errors.ts';
import { waitAtMost } from '../../util/wait.ts';
import type { PlannedChange } from '../../entries/planning/planned-change.ts';
import type { SchedulerOptions } from './scheduler-options.ts';

/** How long a batch waits for the result backend: usually, and after it did not answer. Milliseconds. */
const TIMEOUT = 1_000;
const TIMEOUT_IN_DOUBT = 50;

/** How long an acknowledgement is valid, milliseconds: the backend expires the registration some day. */
const VALIDITY = 60_000;

/** Most entries that a failure names. */
const MAX_NAMES = 5;

const OPERATION = { kind: 'register-chords' } as const;

/**
 * Registers chord sizes with the result backend before any task of a chord is published. An unreachable backend delays
 * other changes only briefly: a late acknowledgement counts at the next attempt.
 */
export class ChordSizes {
  readonly #options: Pick<SchedulerOptions, 'clock' | 'events' | 'results'>;
  /** By entry: the chords of its next run whose registration is under way. */
  readonly #pending = new Map<string, string>();
  /** By entry: the chords of its next run that the backend acknowledged. */
  readonly #acknowledged = new Map<string, { readonly chords: string; readonly at: number }>();
  #inDoubt = false;

  constructor(options: Pick<SchedulerOptions, 'clock' | 'events' | 'results'>) {
    this.#options = options;
  }

  /** Resolves with the changes whose chords are registered, after the timeout at most. Never rejects. */
  async register(starting: readonly PlannedChange[], stop: AbortSignal): Promise<readonly PlannedChange[]> {
    const missing = starting.filter((each) => !this.#isAcknowledged(each));
    const registering = this.#register(missing);
    const timeout = this.#inDoubt ? TIMEOUT_IN_DOUBT : TIMEOUT;
    await waitAtMost(this.#options.clock, timeout, stop, () => registering);
    const unregistered = starting.filter((each) => !this.#isAcknowledged(each));
    const late = unregistered.filter(({ change }) => this.#pending.has(change.entry));
    if (late.length > 0) this.#reportFailure(late, 'the result backend does not answer');
    const registered = starting.filter((each) => !unregistered.includes(each));
    // An acknowledgement counts once: a run that is not published now may be tried again much later.
    for (const { change } of registered) this.#acknowledged.delete(change.entry);
    return registered;
  }

  #isAcknowledged(start: PlannedChange): boolean {
    const acknowledged = this.#acknowledged.get(start.change.entry);
    if (acknowledged?.chords !== chordIds(start)) return false;
    return this.#options.clock.monotonic() - acknowledged.at < VALIDITY;
  }

  /** Never rejects. A registration that is under way is not repeated. */
  async #register(starting: readonly PlannedChange[]): Promise<void> {
    const fresh = starting.filter((each) => this.#pending.get(each.change.entry) !== chordIds(each));
    if (fresh.length === 0) return;
    for (const each of fresh) this.#pending.set(each.change.entry, chordIds(each));
    const { events, clock } = this.#options;
    try {
      const results = await this.#options.results();
      if (!results) throw new StoreError('there is no result backend to join chords');
      await results.expect(fresh.flatMap(({ chords = [] }) => chords));
      const at = clock.monotonic();
      for (const each of fresh) {
        this.#acknowledged.set(each.change.entry, { chords: chordIds(each), at });
      }
      this.#inDoubt = false;
      events.reportRecovery(OPERATION);
    } catch (error) {
      this.#reportFailure(fresh, error instanceof Error ? error.message : String(error), error);
    } finally {
      for (const each of fresh) {
        const { entry } = each.change;
        if (this.#pending.get(entry) === chordIds(each)) this.#pending.delete(entry);
      }
    }
  }

  #reportFailure(starting: readonly PlannedChange[], message: string, cause?: unknown): void {
    this.#inDoubt = true;
    const text = `${formatNames(starting)}: ${message}`;
    this.#options.events.reportFailure(OPERATION, new StoreError(text, { cause }));
  }
}

function chordIds({ chords = [] }: PlannedChange): string {
  return chords.map(({ groupId }) => groupId).join();
}

/** `entry "a"`, `entries "a", "b" and 3 more`. */
function formatNames(starting: readonly PlannedChange[]): string {
  const names = starting.slice(0, MAX_NAMES).map(({ change }) => JSON.stringify(change.entry));
  const more = starting.length > MAX_NAMES ? ` and ${starting.length - MAX_NAMES} more` : '';
  return `${starting.length === 1 ? 'entry' : 'entries'} ${names.join(', ')}${more}`;
}
