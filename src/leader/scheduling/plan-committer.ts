import type { Events } from '../../contracts/events/events.ts';
import type { PlannedChange } from '../../entries/planning/planned-change.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import type { UnpublishedMessage } from '../../contracts/store/commit.ts';
import type { Clock } from '../../util/clock.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import type { ChangeOutcome, Committer } from './committer.ts';
import { reportCommitted } from './report-committed.ts';
import type { ScheduledEntries } from './scheduled-entries.ts';
import { requireTrust, TermEnded, type Term } from './term.ts';

export interface PlanCommitterOptions {
  readonly committer: Committer;
  readonly scheduled: ScheduledEntries;
  readonly clock: Clock;
  readonly events: Events;
}

/** The number of changes between two checks of the time of a slice. */
const STRIDE = 16;

/** Called with a change that was not committed, and when to try again (epoch milliseconds). */
export type Retry = (planned: PlannedChange, at: number) => void;

/** The pause before a change that the store rejected is tried again. Milliseconds. */
export const PAUSE = 10_000;
/** The same for a change whose chords were not registered: the result backend may answer soon. Milliseconds. */
export const SHORT_PAUSE = 1_000;

/**
 * Commits planned changes, reports them, and applies each outcome to the agenda: an entry is scheduled by its new
 * state, or by its old one after a pause.
 */
export class PlanCommitter {
  readonly #options: PlanCommitterOptions;

  constructor(options: PlanCommitterOptions) {
    this.#options = options;
  }

  /**
   * Plans and commits in batches. `plan` takes items off the list and plans them; it is called until the list is empty.
   * Resolves with the number of runs that were sent. Throws `TermEnded` when the term cannot continue.
   */
  async commit<T>(
    items: readonly T[],
    plan: (waiting: T[]) => readonly PlannedChange[] | Promise<readonly PlannedChange[]>,
    term: Term,
    retry: Retry = this.#reschedule,
  ): Promise<number> {
    const { committer, clock } = this.#options;
    let sent = 0;
    await committer.runPool(items, term, async (batch) => {
      const waiting = [...batch];
      while (waiting.length > 0 && !term.stop.aborted) {
        requireTrust(term);
        const planned = await plan(waiting);
        const outcomes = await committer.commit(planned, term);
        const count = await runInSlices(this.#settleAll(planned, outcomes, retry), clock);
        sent += count;
      }
    });
    return sent;
  }

  /**
   * Commits the decision of a command, all or nothing, and the end of the command unless `finished` is `null`. Resolves
   * with `null`, or with the reason why nothing was committed.
   */
  async commitCommand(
    planned: readonly PlannedChange[],
    finished: FinishedCommand | null,
    term: Term,
  ): Promise<string | null> {
    const { committer, clock } = this.#options;
    const outcome = await committer.commitCommand(planned, finished, term);
    switch (outcome.kind) {
      case 'store-rejected':
        return outcome.reason;
      case 'unregistered':
        return 'the result backend did not register its chords';
      case 'not-attempted':
        throw new TermEnded('beat stops');
      case 'committed':
        await runInSlices(this.#settleAll(planned, outcome.changes, this.#reschedule), clock);
        return null;
    }
  }

  async finish(finished: FinishedCommand, term: Term): Promise<void> {
    await this.#options.committer.finish(finished, term);
  }

  *#settleAll(planned: readonly PlannedChange[], outcomes: readonly ChangeOutcome[], retry: Retry): Steps<number> {
    let sent = 0;
    for (const [i, each] of planned.entries()) {
      const outcome = outcomes[i]!;
      if (outcome.kind === 'committed') sent += this.#settle(each, outcome.unpublished);
      else {
        const pause = outcome.kind === 'unregistered' ? SHORT_PAUSE : PAUSE;
        retry(each, this.#options.clock.now() + pause);
      }
      if (i % STRIDE === 0) yield;
    }
    return sent;
  }

  #settle({ entry, change, edit = null }: PlannedChange, unpublished: readonly UnpublishedMessage[]): number {
    const { scheduled, events } = this.#options;
    const name = change.entry;
    events.reportRecovery({ kind: 'commit-entry', entry: name });
    if (edit) events.emit('entry-changed', { entry: name, change: edit });
    if (!entry?.enabled || !change.after) scheduled.remove(name);
    else {
      const isDueAgain = scheduled.schedule(entry, change.after);
      if (isDueAgain === false && edit && edit !== 'disabled' && edit !== 'removed') {
        const { spec, description = spec } = entry.schedule;
        events.emit('never-due', { entry: name, change: edit, schedule: description });
      }
    }
    return reportCommitted(change, unpublished, events);
  }

  readonly #reschedule: Retry = ({ entry, change }, at) => {
    if (entry && change.before) this.#options.scheduled.schedule(entry, change.before, at);
  };
}
