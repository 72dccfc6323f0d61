import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { StateLookup } from '../../contracts/store/ledger.ts';
import type { Clock } from '../../util/clock.ts';
import { TermEnded } from './term.ts';

/** How often the store is asked for the newest commits. Milliseconds. */
const INTERVAL = 30_000;
/** For how long a commit may be lost: a replica that takes over may lack more than the last second. Milliseconds. */
const KEEP_FOR = 120_000;
/** Of the commits within this time, the last one is remembered. Milliseconds. */
const STEP = 1_000;

/**
 * Notices that the store lost commits that it had acknowledged: it crashed before it wrote them to disk, a replica took over,
 * or it was emptied. Otherwise an entry would learn of it when it is due again, which may be a week later. A store loses
 * the newest commits, so it is enough to look for one of each second; the newest of all is looked for until the next.
 */
export class RecentCommits {
  readonly #ledger: StateLookup;
  readonly #clock: Clock;
  /** By entry, oldest first. `at` is a time of the monotonic clock, milliseconds. */
  readonly #commits = new Map<string, { readonly rev: number; readonly at: number }>();
  #newest: string | undefined;
  /** When to check next, on the monotonic clock: a wall clock that is set back must not delay it. Milliseconds. */
  #checkAt = Infinity;

  constructor({ ledger, clock }: { readonly ledger: StateLookup; readonly clock: Clock }) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** When to check next by the wall clock as it is now. Epoch milliseconds. */
  get checkAt(): number {
    return this.#clock.now() + this.#checkAt - this.#clock.monotonic();
  }

  clear(): void {
    this.#commits.clear();
    this.#newest = undefined;
    this.#checkAt = this.#clock.monotonic() + INTERVAL;
  }

  /** Remembers the state that the store has of an entry; `null` for a removed one. */
  add(entry: string, state: EntryState | null): void {
    this.#commits.delete(entry);
    if (!state) return;
    const now = this.#clock.monotonic();
    const newest = this.#commits.get(this.#newest ?? '');
    const isSameStep = newest !== undefined && now - newest.at < STEP;
    if (isSameStep) this.#commits.delete(this.#newest!);
    this.#commits.set(entry, { rev: state.rev, at: isSameStep ? newest.at : now });
    this.#newest = entry;
  }

  /** Throws `TermEnded` if the store lacks a commit. A store that does not answer is asked again later. */
  async check(): Promise<void> {
    this.#checkAt = this.#clock.monotonic() + INTERVAL;
    for (const [entry, { at }] of this.#commits) {
      if (entry !== this.#newest && at < this.#clock.monotonic() - KEEP_FOR) this.#commits.delete(entry);
    }
    const unreadable = new Set<string>();
    const states = await this.#ledger
      .findStates([...this.#commits.keys()], (entry) => unreadable.add(entry))
      // The next commit reports it.
      .catch(() => null);
    if (!states) return;
    for (const [entry, { rev }] of this.#commits) {
      if (!unreadable.has(entry) && (states.get(entry)?.rev ?? -1) < rev) {
        throw new TermEnded(`the store lost commits, such as that of ${entry}`);
      }
    }
  }
}
