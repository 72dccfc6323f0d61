import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import type { Events } from '../events/events.ts';
import type { Change } from '../store/ledger.ts';
import type { ResultBackend } from '../store/results.ts';

export interface AnnouncementsOptions {
  readonly clock: Clock;
  readonly events: Events;
  /** Where chords are joined; `null` where nothing starts one. */
  readonly results: ResultBackend | null;
}

/** How long a batch waits for the result backend, milliseconds; and how long if that did not answer last time. */
const PATIENCE = 1_000;
const PATIENCE_IN_DOUBT = 50;

/** How long what was heard counts, milliseconds: the backend forgets it one day. */
const MEMORY = 60_000;

/** In a fault. */
const MOST_NAMES = 5;

const OPERATION = { kind: 'register-chords' } as const;

/**
 * Says of chords, before any of their tasks is sent, how many results they wait for. A backend that does
 * not answer holds up nobody for long: what it hears later counts when the entry is tried again.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  /** By entry, of which chords the backend is being told, and heard: of an occurrence that was not sent yet. */
  readonly #pending = new Map<string, string>();
  readonly #heard = new Map<string, { readonly chords: string; readonly at: number }>();
  #inDoubt = false;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** Answers with those of the changes that may be sent, after a while that is never long. Never rejects. */
  async announce(changes: readonly Change[], stop: AbortSignal): Promise<readonly Change[]> {
    await this.#wait(this.#tell(changes.filter((change) => !this.#isHeard(change))), stop);
    const unheard = changes.filter((change) => !this.#isHeard(change));
    const late = unheard.filter(({ entry }) => this.#pending.has(entry));
    if (late.length > 0) this.#failed(late, 'the result backend does not answer');
    const ready = changes.filter((change) => !unheard.includes(change));
    // It counts once: whoever cannot send them now may come back much later.
    for (const { entry } of ready) this.#heard.delete(entry);
    return ready;
  }

  #isHeard(change: Change): boolean {
    const heard = this.#heard.get(change.entry);
    if (heard?.chords !== chordsOf(change)) return false;
    return this.#options.clock.monotonic() - heard.at < MEMORY;
  }

  /** Never rejects. What is being told is not told once more. */
  async #tell(changes: readonly Change[]): Promise<void> {
    const fresh = changes.filter((each) => this.#pending.get(each.entry) !== chordsOf(each));
    if (fresh.length === 0) return;
    for (const each of fresh) this.#pending.set(each.entry, chordsOf(each));
    const { results, events, clock } = this.#options;
    try {
      if (!results) throw new StoreError('there is no result backend to join chords');
      await results.expect(fresh.flatMap(({ chords = [] }) => chords));
      const at = clock.monotonic();
      for (const each of fresh) this.#heard.set(each.entry, { chords: chordsOf(each), at });
      this.#inDoubt = false;
      events.reportRecovery(OPERATION);
    } catch (error) {
      this.#failed(fresh, error instanceof Error ? error.message : String(error), error);
    } finally {
      for (const each of fresh) {
        if (this.#pending.get(each.entry) === chordsOf(each)) this.#pending.delete(each.entry);
      }
    }
  }

  async #wait(told: Promise<void>, stop: AbortSignal): Promise<void> {
    const answered = new AbortController();
    const patience = this.#inDoubt ? PATIENCE_IN_DOUBT : PATIENCE;
    const tired = this.#options.clock.sleep(patience, AbortSignal.any([answered.signal, stop]));
    await Promise.race([told, tired]);
    answered.abort();
  }

  #failed(changes: readonly Change[], message: string, cause?: unknown): void {
    this.#inDoubt = true;
    const words = `${namesOf(changes)}: ${message}`;
    this.#options.events.reportFailure(OPERATION, new StoreError(words, { cause }));
  }
}

function chordsOf({ chords = [] }: Change): string {
  return chords.map(({ groupId }) => groupId).join();
}

/** `entry "a"`, `entries "a", "b" and 3 more`. */
function namesOf(changes: readonly Change[]): string {
  const names = changes.slice(0, MOST_NAMES).map(({ entry }) => JSON.stringify(entry));
  const more = changes.length > MOST_NAMES ? ` and ${changes.length - MOST_NAMES} more` : '';
  return `${changes.length === 1 ? 'entry' : 'entries'} ${names.join(', ')}${more}`;
}
