import { causeOf } from '../catalog/catch-up.ts';
import type { Catalog, Difference } from '../catalog/catalog.ts';
import type { Entry } from '../catalog/entry.ts';
import type { MessageContext } from '../compose/message-context.ts';
import type { EntryChange, SchedulingEvent } from '../events/beat-events.ts';
import type { EntryState } from '../store/entry-state.ts';
import { StoreError } from '../util/errors.ts';
import { adopt, type AdoptedEntry, type KnownEntry } from './adopt.ts';
import type { Item } from './agenda.ts';
import { BlockedEntries, type BlockedEntriesOptions } from './blocked-entries.ts';
import { CommandEngine } from './command-engine.ts';
import { Committer, type ChangeOutcome, type CommitterOptions } from './committer.ts';
import type { Reconciled } from './plan.ts';
import { planOccurrences } from './plan-occurrences.ts';
import { planChange, type PlannedChange } from './planned-change.ts';
import { reportCommitted } from './report-committed.ts';
import { ScheduledEntries } from './scheduled-entries.ts';
import { StoredWindow, type StoredWindowOptions } from './stored-window.ts';
import type { Term } from './term.ts';

export interface SchedulerOptions
  extends CommitterOptions, Pick<BlockedEntriesOptions, 'blocked'>, StoredWindowOptions {
  readonly catalog: Catalog;
  /** Returns the values that messages share, which a reload replaces. */
  readonly messageContext: () => MessageContext;
}

/** How many entries a term took on, and how many of them changed. */
interface Adopted {
  readonly scheduled: number;
  readonly changes: SchedulingEvent['changes'];
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
  readonly #window: StoredWindow;
  readonly #scheduled: ScheduledEntries;
  /** What commands act on. */
  readonly commands: CommandEngine;
  /** Entries whose new state the store rejected, by name: they are not scheduled, and adopted again later. */
  readonly #rejected = new Map<string, KnownEntry>();
  /** When to adopt them again: epoch milliseconds, `Infinity` while there are none. */
  #adoptAt = Infinity;
  #hasWritten = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const committer = new Committer(options);
    this.#committer = committer;
    this.#blocked = new BlockedEntries(options);
    this.#window = new StoredWindow(options);
    const scheduled = new ScheduledEntries(this.#window, options.events);
    this.#scheduled = scheduled;
    this.commands = new CommandEngine({ ...options, committer, scheduled });
  }

  /**
   * Begins a term: loads the states from the ledger, compares the configuration with them, and commits what is
   * new. Nothing from an earlier term is reused. A state that cannot be read blocks its entry alone.
   */
  async begin(term: Term, stop: AbortSignal): Promise<void> {
    const { catalog, events } = this.#options;
    const states = await this.#load();
    this.#scheduled.clear();
    this.#rejected.clear();
    const names = new Set([...catalog.names, ...states.keys()]);
    const { scheduled, changes } = await this.#adoptDeclared(names, states, term, stop);
    // A stop may have come before the states were stored.
    if (stop.aborted) return;
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
    if (names.size > 0) {
      const states = await this.#load();
      for (const name of names) this.#scheduled.remove(name);
      await this.#adoptDeclared(names, states, term, stop);
    }
    // Stored entries depend on the settings too, and on which names are declared.
    this.#scheduled.clearStored();
    for (const [name, { entry }] of this.#rejected) if (entry?.stored) this.#rejected.delete(name);
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
    // The next commit reports an unreachable store; this check does not end the term.
    const states = await this.#load().catch(() => null);
    if (!states) {
      this.#blocked.checkLater();
      return;
    }
    await this.#adoptDeclared(before.difference(this.#blocked.names), states, term, stop);
  }

  /** Schedules the stored entries that become due soon. */
  async #loadStored(now: number, term: Term, stop: AbortSignal): Promise<void> {
    const loaded = await this.#window.load(now);
    const fresh = loaded.filter(({ entry }) => this.#isFresh(entry.name));
    const known = fresh.map(({ entry, state, dueAt }) => ({
      ...{ name: entry.name, entry, state: state ?? undefined, indexedAt: dueAt },
    }));
    await this.#adopt(known, term, stop);
  }

  /** Whether a stored entry is not in memory. A declared entry takes precedence over one of its name. */
  #isFresh(name: string): boolean {
    const { catalog, events } = this.#options;
    if (!catalog.find(name)) return !this.#scheduled.find(name);
    const error = new StoreError('the configuration declares an entry of the same name');
    events.reportFailure({ kind: 'read-definition', entry: name }, error);
    return false;
  }

  async #adoptDeclared(
    names: ReadonlySet<string>,
    states: ReadonlyMap<string, EntryState>,
    term: Term,
    stop: AbortSignal,
  ): Promise<Adopted> {
    const { catalog } = this.#options;
    const known = [...names.difference(this.#blocked.names)].map((name) => ({
      ...{ name, entry: catalog.find(name), state: states.get(name) },
    }));
    return this.#adopt(known, term, stop);
  }

  /** Compares entries with their states, commits what is new, and puts enabled entries on the agenda. */
  async #adopt(known: readonly KnownEntry[], term: Term, stop: AbortSignal): Promise<Adopted> {
    const { clock, events } = this.#options;
    const now = clock.now();
    const adopted = known.flatMap((each) => adopt(each, now) ?? []);
    const rejected = await this.#commitAdopted(adopted, term, stop);
    for (const each of known) {
      if (rejected.has(each.name)) this.#rejected.set(each.name, each);
      else this.#rejected.delete(each.name);
    }
    if (rejected.size > 0) this.#adoptAt = clock.now() + PAUSE;
    else if (this.#rejected.size === 0) this.#adoptAt = Infinity;
    const changes: Partial<Record<EntryChange, number>> = {};
    let scheduled = 0;
    for (const { entry, commit, ...reconciled } of adopted) {
      if (commit && rejected.has(commit.entry)) continue;
      const { change } = reconciled;
      if (change && commit) {
        changes[change] = (changes[change] ?? 0) + 1;
        events.emit('entry-changed', { entry: commit.entry, change });
      }
      if (!entry?.enabled) continue;
      this.#enter(entry, reconciled);
      scheduled += 1;
    }
    return { scheduled, changes };
  }

  /** Commits the new states, and returns the names of the entries whose state was not stored. */
  async #commitAdopted(
    adopted: readonly AdoptedEntry[],
    term: Term,
    stop: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const news = adopted.flatMap(({ commit }) => commit ?? []);
    const rejected = new Set(news.map(({ entry }) => entry));
    await this.#committer.runPool(news, term, stop, async (batch) => {
      const outcomes = await this.#committer.commit(batch, term, stop);
      for (const [i, { entry }] of batch.entries()) {
        if (outcomes[i]?.kind !== 'committed') continue;
        rejected.delete(entry);
        this.#options.events.reportRecovery({ kind: 'commit-entry', entry });
      }
    });
    return rejected;
  }

  /** Adopts entries again whose new state the store rejected. */
  async #adoptRejected(term: Term, stop: AbortSignal): Promise<void> {
    const rejected = [...this.#rejected.values()];
    for (const part of splitStored(rejected)) await this.#adopt(part, term, stop);
  }

  /**
   * Publishes all that is due now, and returns when to tick again: epoch milliseconds, `Infinity` for never. A
   * stop takes effect between batches. Throws `TermEnded` when the term cannot continue.
   */
  async tick(term: Term, stop: AbortSignal): Promise<number> {
    const { clock, events } = this.#options;
    const now = clock.now();
    if (now >= this.#blocked.checkAt) await this.#checkBlocked(term, stop);
    if (now >= this.#window.loadAt) await this.#loadStored(now, term, stop);
    if (now >= this.#adoptAt) await this.#adoptRejected(term, stop);
    const due = this.#scheduled.take(now);
    let sent = 0;
    for (const part of splitStored(due)) sent += await this.#publish(part, now, term, stop);
    const { wakeAt } = this;
    events.emit('tick', { sent, wakeAt });
    return wakeAt;
  }

  /** When to tick again: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    const { wakeAt } = this.#scheduled;
    return Math.min(wakeAt, this.#adoptAt, this.#blocked.checkAt, this.#window.loadAt);
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

  /** An entry that counts from now and has no occurrence ahead is reported. */
  #enter(entry: Entry, { state, change }: Reconciled): void {
    const isDueAgain = this.#scheduled.schedule(entry, state);
    if (isDueAgain !== false || change === null) return;
    if (change === 'disabled' || change === 'removed') return;
    const { spec, description = spec } = entry.schedule;
    this.#options.events.emit('never-due', { entry: entry.name, change, schedule: description });
  }
}

/** A commit is of declared entries, or of stored ones: stores hold their states in different places. */
function splitStored<T extends { readonly entry: Entry | undefined }>(items: readonly T[]): T[][] {
  return [false, true].map((stored) =>
    items.filter(({ entry }) => (entry?.stored ?? false) === stored),
  );
}
