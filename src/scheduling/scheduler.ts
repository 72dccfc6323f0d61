import { causeOf } from '../catalog/catch-up.ts';
import type { Catalog, Difference } from '../catalog/catalog.ts';
import type { MessageContext } from '../compose/message-context.ts';
import type { Item } from './agenda.ts';
import type { BlockedEntriesOptions } from './blocked-entries.ts';
import { CommandEngine } from './command-engine.ts';
import { Committer, type ChangeOutcome, type CommitterOptions } from './committer.ts';
import { EntryAdopter } from './entry-adopter.ts';
import { planOccurrences } from './plan-occurrences.ts';
import { planChange, type PlannedChange } from './planned-change.ts';
import { reportCommitted } from './report-committed.ts';
import { ScheduledEntries } from './scheduled-entries.ts';
import { partitionBySource } from './partition-by-source.ts';
import { StoredWindow, type StoredWindowOptions } from './stored-window.ts';
import type { Term } from './term.ts';

export interface SchedulerOptions
  extends CommitterOptions, Pick<BlockedEntriesOptions, 'blocked'>, StoredWindowOptions {
  readonly catalog: Catalog;
  /** Returns the values that messages share, which a reload replaces. */
  readonly messageContext: () => MessageContext;
}

/** Before a run that could not be prepared, or that the store rejected, is tried again. Milliseconds. */
const PAUSE = 10_000;
/** Before a run whose chords were not registered is tried again: by then the result backend may answer. */
const SHORT_PAUSE = 1_000;

/**
 * One pass at a time: plans what is due, renders its messages, commits them in batches. It sets no timer: the
 * caller of `tick` waits until the instant that it returns.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #committer: Committer;
  readonly #scheduled: ScheduledEntries;
  readonly #adopter: EntryAdopter;
  /** What commands act on. */
  readonly commands: CommandEngine;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const committer = new Committer(options);
    this.#committer = committer;
    const window = new StoredWindow(options);
    const scheduled = new ScheduledEntries(window, options.events);
    this.#scheduled = scheduled;
    this.#adopter = new EntryAdopter({ ...options, committer, scheduled, window });
    this.commands = new CommandEngine({ ...options, committer, scheduled });
  }

  /**
   * Begins a term: loads the states from the ledger, compares the configuration with them, and commits what is
   * new. Nothing from an earlier term is reused. A state that cannot be read blocks its entry alone.
   */
  async begin(term: Term, stop: AbortSignal): Promise<void> {
    await this.#adopter.begin(term, stop);
  }

  /**
   * Continues the term after the catalog was replaced: compares the entries that differ with their states, and
   * commits what is new. All others keep their place on the agenda. Not to be called during a tick.
   */
  async reload(difference: Difference, term: Term, stop: AbortSignal): Promise<void> {
    await this.#adopter.reload(difference, term, stop);
  }

  /**
   * Publishes what is due now, loads what is due soon, and returns when to tick again: epoch milliseconds, `Infinity` for never. A
   * stop takes effect between batches. Throws `TermEnded` when the term cannot continue.
   */
  async tick(term: Term, stop: AbortSignal): Promise<number> {
    const { clock, events } = this.#options;
    const now = clock.now();
    const due = this.#scheduled.take(now);
    let sent = 0;
    for (const part of partitionBySource(due)) sent += await this.#publish(part, now, term, stop);
    // Runs that are due do not wait for entries to be loaded. Those of loaded entries follow in the next tick, after
    // the commands that have arrived by then.
    if (this.#adopter.wakeAt <= clock.now()) {
      await this.#adopter.adoptWaiting(clock.now(), term, stop);
    }
    const { wakeAt } = this;
    events.emit('tick', { sent, wakeAt });
    return wakeAt;
  }

  /** When to tick again: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    return Math.min(this.#scheduled.wakeAt, this.#adopter.wakeAt);
  }

  /** Publishes what is due at `now`, all declared or all stored, and returns how many runs were sent. */
  async #publish(
    due: readonly Item[],
    now: number,
    term: Term,
    stop: AbortSignal,
  ): Promise<number> {
    let sent = 0;
    await this.#committer.runPool(due, term, stop, async (batch) => {
      const at = { sentAt: this.#options.clock.now(), term: term.token };
      const planned = batch.flatMap((item) => this.#plan(item, now, at) ?? []);
      const changes = planned.map(({ change }) => change);
      const outcomes = await this.#committer.commit(changes, term, stop);
      for (const [i, each] of planned.entries()) sent += this.#settle(each, outcomes[i]!);
    });
    return sent;
  }

  /** A run that cannot be prepared stays due, and is tried again after a pause. */
  #plan(
    { entry, state, dueAt }: Item,
    now: number,
    at: { readonly sentAt: number; readonly term: number },
  ): PlannedChange | undefined {
    const { clock, events, messageContext } = this.#options;
    try {
      const { send, skip, changes } = planOccurrences(entry, state, now, dueAt);
      const newest = send.at(-1) ?? now;
      const cause = (at: number) => causeOf(at, newest, now);
      const decided = { entry, before: state, runs: send, causeOf: cause, skipped: skip, changes };
      return planChange(decided, at, messageContext());
    } catch (error) {
      events.reportFailure({ kind: 'prepare', entry: entry.name }, error);
      this.#scheduled.schedule(entry, state, clock.now() + PAUSE);
      return undefined;
    }
  }

  /** Puts the entry back on the agenda, reports what was committed, and returns how many runs were sent. */
  #settle(planned: PlannedChange, outcome: ChangeOutcome): number {
    const { entry, change, before } = planned;
    if (outcome.kind === 'committed') {
      this.#scheduled.schedule(entry, change.after);
      return reportCommitted(planned, outcome.unpublished, this.#options.events);
    }
    const pause = outcome.kind === 'unregistered' ? SHORT_PAUSE : PAUSE;
    this.#scheduled.schedule(entry, before, this.#options.clock.now() + pause);
    return 0;
  }
}
