import { limitsOverlap } from '../../entries/catalog/entry.ts';
import { advance } from '../../contracts/store/entry-state.ts';
import type { AgendaItem } from '../../entries/planning/agenda.ts';
import { PAUSE, type SchedulerParts } from './committer.ts';
import { stillRunning } from '../../entries/planning/decide.ts';
import type { PlannedChange } from '../../entries/planning/planned-change.ts';
import { findReadable } from './scheduled-entries.ts';
import type { Term } from './term.ts';

type StatedEntry = Pick<AgendaItem, 'entry' | 'state'>;

/**
 * Holds back entries whose runs must not overlap until the result backend was asked about their running runs, and
 * removes ended runs from their states. The backend is read beside the schedule: a slow one delays no other entry. If
 * the commit of an end fails, the end is found again when the entry is due.
 */
export class OverlapGate {
  readonly #options: SchedulerParts;
  /** The names of the entries that are due and wait for the result backend. */
  readonly #waiting = new Set<string>();

  constructor(options: SchedulerParts) {
    this.#options = options;
    options.outcomes?.onChange(() => options.wake?.());
  }

  /** Selects the due entries that can be planned now. The others are put back on the agenda. */
  admit(due: readonly AgendaItem[]): readonly AgendaItem[] {
    const { outcomes, scheduled, clock } = this.#options;
    if (!outcomes) return due;
    return due.filter(({ entry, state, dueAt }) => {
      // A pause may end, or the clock be set back, before the entry is due: no answer would be late enough.
      if (!limitsOverlap(entry) || dueAt > clock.now()) return true;
      const running = stillRunning(entry, state, clock.now());
      if (running.length === 0 || outcomes.check(entry, running, dueAt)) return true;
      this.#waiting.add(entry.name);
      scheduled.schedule(entry, state, clock.now() + PAUSE);
      return false;
    });
  }

  /**
   * Commits the ends of runs, and puts entries that waited for an answer back on the agenda. Throws `TermEnded` when the
   * term cannot continue.
   */
  async settle(term: Term): Promise<void> {
    const { outcomes, scheduled, committer, clock } = this.#options;
    const ended = outcomes?.takeEnded();
    if (ended && ended.size > 0) {
      const stated = await this.#find([...ended.keys()]);
      const changes = stated.flatMap((each) => planEnd(each, ended.get(each.entry.name)!) ?? []);
      await committer.commit(changes, (batch) => batch.splice(0), term);
    }
    for (const name of this.#waiting) {
      const item = scheduled.find(name);
      const isDue = item !== undefined && item.dueAt <= clock.now();
      if (isDue && !outcomes?.check(item.entry, item.state.running ?? [], item.dueAt)) continue;
      this.#waiting.delete(name);
      if (item) scheduled.schedule(item.entry, item.state);
    }
  }

  /** Entries that are not in memory are read from their store. */
  async #find(names: readonly string[]): Promise<readonly StatedEntry[]> {
    const { scheduled, stored, events } = this.#options;
    const found: StatedEntry[] = names.flatMap((name) => scheduled.find(name) ?? []);
    const missing = names.filter((name) => !scheduled.find(name));
    if (missing.length === 0 || !stored) return found;
    try {
      const read = await findReadable(stored, missing);
      events.reportRecovery({ kind: 'load-entries' });
      return [...found, ...read.flatMap(({ entry, state }) => (state ? [{ entry, state }] : []))];
    } catch (error) {
      events.reportFailure({ kind: 'load-entries' }, error);
      return found;
    }
  }
}

/**
 * Removes runs that have ended from the state of an entry, which is due at the same instant as before; `null` if the
 * state has none of them.
 */
function planEnd({ entry, state }: StatedEntry, taskIds: ReadonlySet<string>): PlannedChange | null {
  const { running = [] } = state;
  const left = running.filter(({ taskId }) => !taskIds.has(taskId));
  if (left.length === running.length) return null;
  const after = advance(state, { running: left.length > 0 ? left : undefined });
  return { entry, change: { entry: entry.name, before: state, after, messages: [] } };
}
