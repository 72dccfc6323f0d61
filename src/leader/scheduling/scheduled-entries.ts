import type { Entry } from '../../entries/catalog/entry.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import { Agenda } from '../../entries/planning/agenda.ts';
import { nextWakeAt } from '../../entries/planning/next-due.ts';
import type { RunOutcomes } from './run-outcomes.ts';
import type { StoredWindow } from './stored-window.ts';

/** The entries of a term that are in memory: the declared ones, and the stored ones in the window. */
export class ScheduledEntries extends Agenda {
  readonly #events: Events;
  readonly #window: StoredWindow;
  readonly #outcomes: RunOutcomes;

  constructor(window: StoredWindow, outcomes: RunOutcomes, events: Events) {
    super();
    this.#window = window;
    this.#outcomes = outcomes;
    this.#events = events;
  }

  /** Removes all entries; stored ones are loaded again. */
  override clear(): void {
    super.clear();
    this.#window.reset();
  }

  /** Removes the stored entries, which are loaded again. */
  clearStored(): void {
    for (const { entry } of [...this]) if (entry.stored) this.remove(entry.name);
    this.#window.reset();
  }

  /**
   * Puts an entry on the agenda by its stored state, at `notBefore` or later. A stored entry that is due after the
   * window is loaded again when it is due soon.
   *
   * Returns `false` when the entry will never be due again. If a user's schedule throws, the failure is reported, and
   * the entry is left out until the next term, so that it does not block others.
   */
  schedule(entry: Entry, state: EntryState, notBefore?: number): boolean | undefined {
    if (state.running) this.#outcomes.watch(entry, state.running);
    try {
      if (entry.stored && notBefore === undefined) {
        const wakeAt = nextWakeAt(entry, state);
        if (!this.#window.covers(wakeAt)) {
          this.remove(entry.name);
          return wakeAt !== Infinity;
        }
      }
      return this.add(entry, state, notBefore);
    } catch (error) {
      this.#events.reportFailure({ kind: 'schedule', entry: entry.name }, error);
      return undefined;
    }
  }
}
