import type { Difference } from '../../entries/catalog/catalog.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import type { AgendaItem } from '../../entries/planning/agenda.ts';
import { CommandEngine } from './command-engine.ts';
import { Committer, PAUSE, SHORT_PAUSE } from './committer.ts';
import { EntryAdopter } from './entry-adopter.ts';
import { OverlapGate } from './overlap-gate.ts';
import { decide, runsAtOnce } from '../../entries/planning/decide.ts';
import { planChange, type PlannedChange, type PlanTime } from '../../entries/planning/planned-change.ts';
import { RecentCommits } from './recent-commits.ts';
import { RunPreparation } from './run-preparation.ts';
import { ScheduledEntries } from './scheduled-entries.ts';
import type { SchedulerOptions } from './scheduler-options.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import type { Term } from './term.ts';

/** How long a tick counts the occurrences that it skips; later ones are not counted. Milliseconds. */
const COUNT_BUDGET = 50;

/**
 * One pass at a time: plans what is due, renders its messages, commits them in batches. It sets no timer: the
 * caller of `tick` waits until the instant that it returns.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #committer: Committer;
  readonly #scheduled: ScheduledEntries;
  readonly #adopter: EntryAdopter;
  readonly #gate: OverlapGate;
  readonly commands: CommandEngine;
  readonly preparation: RunPreparation;
  readonly recent: RecentCommits;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const scheduled = new ScheduledEntries(options);
    const recent = new RecentCommits(options);
    const committer = new Committer({ ...options, scheduled, recent });
    const parts = { ...options, committer, scheduled, recent };
    this.recent = recent;
    this.#committer = committer;
    this.#scheduled = scheduled;
    this.#adopter = new EntryAdopter(parts);
    this.#gate = new OverlapGate(parts);
    this.commands = new CommandEngine(parts);
    this.preparation = new RunPreparation(parts);
  }

  async begin(term: Term): Promise<void> {
    this.#options.outcomes?.reset();
    await this.#adopter.begin(term);
  }

  /** Continues the term after the catalog was replaced: see `EntryAdopter.reload`. Not to be called during a tick. */
  async reload(difference: Difference, term: Term): Promise<void> {
    await this.#adopter.reload(difference, term);
  }

  /**
   * Publishes what is due now, loads what is due soon, and returns when to tick again: epoch milliseconds, `Infinity` for never. A
   * stop takes effect between batches. Throws `TermEnded` when the term cannot continue.
   */
  async tick(term: Term): Promise<number> {
    const { clock, events } = this.#options;
    await this.#gate.settle(term);
    const now = clock.now();
    const due = this.#gate.admit(this.#scheduled.take(now));
    const sent = await this.#publish(due, now, term);
    // Runs that are due do not wait for entries to be loaded. Runs of loaded entries follow in the next tick, after
    // the commands that have arrived by then.
    if (this.#adopter.wakeAt <= clock.now()) {
      await this.#adopter.adoptWaiting(clock.now(), term);
    }
    const { wakeAt } = this;
    events.emit('tick', { sent, wakeAt });
    return wakeAt;
  }

  /** The entries in memory whose last run was published after an instant (epoch milliseconds), newest first. */
  publishedSince(instant: number): readonly Entry[] {
    return [...this.#scheduled]
      .filter(({ state }) => (state.sentAt ?? 0) > instant)
      .toSorted((a, b) => b.state.sentAt! - a.state.sentAt!)
      .map(({ entry }) => entry);
  }

  /** When to tick again: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    return Math.min(this.#scheduled.wakeAt, this.#adopter.wakeAt);
  }

  /** Publishes what is due at `now`, and returns how many runs were sent. */
  #publish(due: readonly AgendaItem[], now: number, term: Term): Promise<number> {
    const { clock } = this.#options;
    let budget = COUNT_BUDGET;
    const plan = async (waiting: AgendaItem[]) => {
      const begin = clock.monotonic();
      const at = { sentAt: clock.now(), term: term.token };
      const planned = await runInSlices(this.#planNext(waiting, now, at), clock, budget);
      budget -= clock.monotonic() - begin;
      return this.#cancel(planned);
    };
    return this.#committer.commit(due, plan, term);
  }

  /** Takes items off the list, and plans them, until their runs fill a commit. */
  *#planNext(waiting: AgendaItem[], now: number, at: PlanTime): Steps<readonly PlannedChange[]> {
    const planned: PlannedChange[] = [];
    let share = 0;
    for (let item = waiting.shift(); item; item = share < 1 ? waiting.shift() : undefined) {
      const plan = yield* this.#plan(item, now, at);
      if (plan) planned.push(plan);
      // One run of each entry always fits.
      const runs = (plan?.change.after?.runCount ?? 0) - item.state.runCount;
      if (runs > 1) share += runs / runsAtOnce(item.entry);
      yield;
    }
    return planned;
  }

  /** A run that cannot be prepared stays due, and is tried again after a pause. */
  *#plan({ entry, state, dueAt, prepared }: AgendaItem, now: number, at: PlanTime): Steps<PlannedChange | undefined> {
    const { clock, events, messageContext, outcomes } = this.#options;
    try {
      const decision = yield* decide(entry, state, now, dueAt);
      if ('waitUntil' in decision) {
        this.#scheduled.schedule(entry, state, decision.waitUntil);
        outcomes?.expedite(state.running ?? []);
        return undefined;
      }
      return yield* planChange(decision, at, messageContext(), prepared);
    } catch (error) {
      events.reportFailure({ kind: 'prepare', entry: entry.name }, error);
      this.#scheduled.schedule(entry, state, clock.now() + PAUSE);
      return undefined;
    }
  }

  /**
   * Asks workers to end the runs that planned runs replace, before these are committed: if the leader dies in between,
   * the occurrences are still due, and the next leader asks again. Resolves with the changes that can be committed now.
   */
  async #cancel(planned: readonly PlannedChange[]): Promise<readonly PlannedChange[]> {
    const { cancelTasks, clock, events } = this.#options;
    const cancelling = planned.filter(({ cancel }) => cancel !== undefined);
    if (cancelling.length === 0 || !cancelTasks) return planned;
    const taskIds = cancelling.flatMap(({ cancel = [] }) => cancel.map(({ taskId }) => taskId));
    try {
      await cancelTasks(taskIds);
      events.reportRecovery({ kind: 'cancel' });
      return planned;
    } catch (error) {
      events.reportFailure({ kind: 'cancel' }, error);
    }
    for (const { entry, change } of cancelling) {
      this.#scheduled.schedule(entry!, change.before!, clock.now() + SHORT_PAUSE);
    }
    return planned.filter(({ cancel }) => cancel === undefined);
  }
}
