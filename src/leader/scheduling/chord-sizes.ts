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

/** The registration of the chords of a run. */
interface Registration {
  readonly chords: string;
  /** When the backend acknowledged it, by the monotonic clock; `null` while it is under way. */
  at: number | null;
}

const OPERATION = { kind: 'register-chords' } as const;

/**
 * Registers chord sizes with the result backend before any task of a chord is published. An unreachable backend delays
 * other changes only briefly: a late acknowledgement counts at the next attempt.
 */
export class ChordSizes {
  readonly #options: Pick<SchedulerOptions, 'clock' | 'events' | 'results'>;
  /** By entry: the registration of the chords of its next run. */
  readonly #registrations = new Map<string, Registration>();
  #inDoubt = false;

  constructor(options: Pick<SchedulerOptions, 'clock' | 'events' | 'results'>) {
    this.#options = options;
  }

  /** Resolves with the changes whose chords are registered, after the timeout at most. Never rejects. */
  async register(starting: readonly PlannedChange[], stop: AbortSignal): Promise<readonly PlannedChange[]> {
    // A registration that is under way is not repeated.
    const registering = this.#register(starting.filter((each) => !this.#find(each)));
    const timeout = this.#inDoubt ? TIMEOUT_IN_DOUBT : TIMEOUT;
    await waitAtMost(this.#options.clock, timeout, stop, () => registering);
    const late = starting.filter((each) => this.#find(each)?.at === null);
    if (late.length > 0) this.#reportFailure(late, 'the result backend does not answer');
    const registered = starting.filter((each) => typeof this.#find(each)?.at === 'number');
    // An acknowledgement counts once: a run that is not published now may be tried again much later.
    for (const { change } of registered) this.#registrations.delete(change.entry);
    return registered;
  }

  /** The valid registration of these chords, or the one under way. */
  #find(start: PlannedChange): Registration | undefined {
    const found = this.#registrations.get(start.change.entry);
    if (found?.chords !== chordIds(start)) return undefined;
    return found.at === null || this.#options.clock.monotonic() - found.at < VALIDITY ? found : undefined;
  }

  /** Never rejects. */
  async #register(starting: readonly PlannedChange[]): Promise<void> {
    if (starting.length === 0) return;
    const { events, clock } = this.#options;
    const begun = starting.map((each): [string, Registration] => [
      each.change.entry,
      { chords: chordIds(each), at: null },
    ]);
    for (const [entry, registration] of begun) this.#registrations.set(entry, registration);
    try {
      const results = await this.#options.results();
      if (!results) throw new StoreError('there is no result backend to join chords');
      await results.expect(starting.flatMap(({ chords = [] }) => chords));
      for (const [, registration] of begun) registration.at = clock.monotonic();
      this.#inDoubt = false;
      events.reportRecovery(OPERATION);
    } catch (error) {
      for (const [entry, registration] of begun) {
        if (this.#registrations.get(entry) === registration) this.#registrations.delete(entry);
      }
      this.#reportFailure(starting, error instanceof Error ? error.message : String(error), error);
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
