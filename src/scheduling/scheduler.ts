import { causeOf } from '../catalog/catch-up.ts';
import type { Catalog, Difference } from '../catalog/catalog.ts';
import type { Entry } from '../catalog/entry.ts';
import type { MessageContext } from '../compose/message-context.ts';
import type { EntryChange, SchedulingEvent } from '../events/beat-events.ts';
import type { FinishedCommand } from '../store/command-log.ts';
import type { Change } from '../store/commit.ts';
import type { EntryState } from '../store/entry-state.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { describeError, type StoreError } from '../util/errors.ts';
import { Agenda, type Item } from './agenda.ts';
import { BlockedEntries, type BlockedEntriesOptions } from './blocked-entries.ts';
import { Committer, type ChangeOutcome, type CommitterOptions } from './committer.ts';
import { TermEnded, type Term } from './term.ts';
import { reconcile, type Reconciled } from './plan.ts';
import { planOccurrences } from './plan-occurrences.ts';
import { planChange, type Decided, type PlannedChange } from './planned-change.ts';
import { reportCommitted } from './report-committed.ts';

export interface SchedulerOptions extends CommitterOptions, Pick<BlockedEntriesOptions, 'blocked'> {
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
  readonly #blocked: BlockedEntries;
  #agenda = new Agenda();
  #hasWritten = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#committer = new Committer(options);
    this.#blocked = new BlockedEntries(options);
  }

  /**
   * Begins a term: loads the states from the ledger, compares the configuration with them, and commits what is
   * new. Nothing from an earlier term is reused. A state that cannot be read blocks its entry alone.
   */
  async begin(term: Term, stop: AbortSignal): Promise<void> {
    const { catalog, events } = this.#options;
    const states = await this.#load();
    this.#agenda = new Agenda();
    const names = new Set([...catalog.names, ...states.keys()]);
    const { scheduled, changes } = await this.#adopt(names, states, term, stop);
    events.emit('scheduling', {
      term: term.token,
      entries: scheduled,
      changes,
      ledgerLost: this.#hasWritten && states.size === 0 && this.#blocked.names.size === 0,
    });
    this.#hasWritten ||= scheduled > 0;
  }

  /**
   * Continues the term after the catalog was replaced: compares the entries that differ with their states, and
   * commits what is new. All others keep their place on the agenda. Not to be called during a tick.
   */
  async reload(
    { added, changed, removed }: Difference,
    term: Term,
    stop: AbortSignal,
  ): Promise<void> {
    const names = new Set([...added, ...changed, ...removed]);
    if (names.size === 0) return;
    const states = await this.#load();
    for (const name of names) this.#agenda.remove(name);
    await this.#adopt(names, states, term, stop);
  }

  /** The states that can be read; the entries of those that cannot are blocked. */
  async #load(): Promise<ReadonlyMap<string, EntryState>> {
    const { catalog, ledger } = this.#options;
    const errors = new Map<string, StoreError>();
    const states = await ledger.load((entry, error) => {
      if (catalog.find(entry)?.enabled) errors.set(entry, error);
    });
    this.#blocked.update(errors);
    return states;
  }

  /** Schedules entries that were blocked and whose states were repaired or removed. */
  async #checkBlocked(term: Term, stop: AbortSignal): Promise<void> {
    const before = this.#blocked.names;
    // The next commit reports a store that is unreachable; here it is no reason to end the term.
    const states = await this.#load().catch(() => null);
    if (!states) {
      this.#blocked.checkLater();
      return;
    }
    await this.#adopt(before.difference(this.#blocked.names), states, term, stop);
  }

  /** Compares entries with their states, commits what is new, and puts enabled entries on the agenda. */
  async #adopt(
    names: ReadonlySet<string>,
    states: ReadonlyMap<string, EntryState>,
    term: Term,
    stop: AbortSignal,
  ): Promise<{ readonly scheduled: number; readonly changes: SchedulingEvent['changes'] }> {
    const { catalog, clock, events } = this.#options;
    const now = clock.now();
    const scheduled: [Entry, Reconciled][] = [];
    const news: Change[] = [];
    const changes: Partial<Record<EntryChange, number>> = {};
    for (const name of names.difference(this.#blocked.names)) {
      const entry = catalog.find(name);
      const before = states.get(name);
      const reconciled = reconcile(entry, before, now);
      if (!reconciled) continue;
      const { state: after, change } = reconciled;
      if (change) {
        news.push({ entry: name, before: before ?? null, after, messages: [] });
        changes[change] = (changes[change] ?? 0) + 1;
        events.emit('entry-changed', { entry: name, change });
      }
      if (entry?.enabled) scheduled.push([entry, reconciled]);
    }
    await this.#committer.runPool(news, term, stop, (batch) =>
      this.#committer.commit(batch, term, stop),
    );
    for (const [entry, reconciled] of scheduled) this.#enter(entry, reconciled);
    return { scheduled: scheduled.length, changes };
  }

  /**
   * Publishes all that is due now, and returns when to tick again: epoch milliseconds, `Infinity` for never. A
   * stop takes effect between batches. Throws `TermEnded` when the term cannot continue.
   */
  async tick(term: Term, stop: AbortSignal): Promise<number> {
    const { clock, events } = this.#options;
    const now = clock.now();
    if (now >= this.#blocked.checkAt) await this.#checkBlocked(term, stop);
    let sent = 0;
    await this.#committer.runPool(this.#agenda.take(now), term, stop, async (batch) => {
      const at = { sentAt: clock.now(), term: term.token };
      const planned = batch.flatMap((item) => this.#plan(item, now, at) ?? []);
      const changes = planned.map(({ change }) => change);
      const outcomes = await this.#committer.commit(changes, term, stop);
      for (const [i, each] of planned.entries()) sent += this.#settle(each, outcomes[i]!);
    });
    const { wakeAt } = this;
    events.emit('tick', { sent, wakeAt });
    return wakeAt;
  }

  /** When to tick again: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    return Math.min(this.#agenda.wakeAt, this.#blocked.checkAt);
  }

  /** An enabled entry with its state; `undefined` for any other, and for one whose state cannot be read. */
  find(name: string): Item | undefined {
    return this.#agenda.find(name);
  }

  /** Why `find` does not find an entry, for the answer to a command. */
  explainMissing(name: string): string {
    const { catalog } = this.#options;
    const quoted = JSON.stringify(name);
    const entry = catalog.find(name);
    if (entry?.enabled) return `the state of entry ${quoted} cannot be read; the log says why`;
    if (entry) return `entry ${quoted} is disabled in the configuration`;
    return `no entry ${quoted}${didYouMean(name, [...catalog.names])}`;
  }

  /**
   * Commits what a command decided about an entry. Resolves with `null`, or with why nothing of it happened.
   * Throws `TermEnded` when the term cannot continue.
   */
  async apply(decided: Decided, term: Term, stop: AbortSignal): Promise<string | null> {
    const { clock, events, messageContext } = this.#options;
    let planned: PlannedChange;
    try {
      planned = planChange(decided, { sentAt: clock.now(), term: term.token }, messageContext());
    } catch (error) {
      return describeError(error);
    }
    const [outcome] = await this.#committer.commit([planned.change], term, stop);
    if (outcome?.kind === 'committed') {
      this.#schedule(decided.entry, planned.change.after);
      reportCommitted(planned, outcome.unpublished, events);
      return null;
    }
    if (outcome?.kind === 'store-rejected') return outcome.reason;
    if (outcome?.kind === 'unregistered') return 'the result backend did not register its chords';
    throw new TermEnded('beat stops');
  }

  /** Commits the end of commands that have no effect. */
  async finish(finished: readonly FinishedCommand[], term: Term, stop: AbortSignal): Promise<void> {
    await this.#committer.finish(finished, term, stop);
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
      this.#schedule(entry, state, clock.now() + PAUSE);
      return undefined;
    }
  }

  /** Puts the entry back on the agenda, reports what was committed, and returns how many runs were sent. */
  #settle(planned: PlannedChange, outcome: ChangeOutcome): number {
    const { entry, change, before } = planned;
    if (outcome.kind === 'committed') {
      this.#schedule(entry, change.after);
      return reportCommitted(planned, outcome.unpublished, this.#options.events);
    }
    const pause = outcome.kind === 'unregistered' ? SHORT_PAUSE : PAUSE;
    this.#schedule(entry, before, this.#options.clock.now() + pause);
    return 0;
  }

  /** An entry that counts from now and has no occurrence ahead is reported. */
  #enter(entry: Entry, { state, change }: Reconciled): void {
    const isDueAgain = this.#schedule(entry, state);
    if (isDueAgain !== false || change === null) return;
    if (change === 'disabled' || change === 'removed') return;
    const { spec, description = spec } = entry.schedule;
    this.#options.events.emit('never-due', { entry: entry.name, change, schedule: description });
  }

  /**
   * `false` when the entry will never be due again. An entry whose own schedule throws (users may bring theirs)
   * must not block the others: the failure is reported, and the entry is left out until the next term.
   */
  #schedule(entry: Entry, state: EntryState, notBefore?: number): boolean | undefined {
    try {
      return this.#agenda.add(entry, state, notBefore);
    } catch (error) {
      this.#options.events.reportFailure({ kind: 'schedule', entry: entry.name }, error);
      return undefined;
    }
  }
}
