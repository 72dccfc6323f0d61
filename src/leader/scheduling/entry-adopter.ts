import type { Difference } from '../../entries/catalog/catalog.ts';
import type { EntryChange, SchedulingEvent } from '../../contracts/events/beat-events.ts';
import { StoreError } from '../../util/errors.ts';
import { planAdoption, type Adoption, type KnownEntry } from '../../entries/planning/adopt.ts';
import type { PlannedChange } from '../../entries/planning/planned-change.ts';
import { explainState } from '../../entries/catalog/definition.ts';
import { PAUSE, type SchedulerParts } from './committer.ts';
import type { ScheduledEntries } from './scheduled-entries.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import type { Term } from './term.ts';

/** Milliseconds between two checks for repaired states. */
const CHECK_INTERVAL = 10_000;

/**
 * Takes entries into a term: compares them with their states, commits what is new about them, and schedules them. An
 * entry waits if its state cannot be read, if the store rejected its state, or if it is stored and not due soon.
 */
export class EntryAdopter {
  readonly #options: SchedulerParts;
  /** Enabled entries whose states cannot be read, by name: their published runs are unknown, so they are not scheduled. */
  #blocked: ReadonlySet<string> = new Set();
  /** When to read their states again: epoch milliseconds, `Infinity` while no entry is blocked. */
  #checkAt = Infinity;
  /** Entries whose new state the store rejected, by name: they are not scheduled, and adopted again later. */
  readonly #rejected = new Map<string, KnownEntry>();
  /** When to adopt the rejected entries again: epoch milliseconds, `Infinity` while there are none. */
  #adoptAt = Infinity;
  #hasWritten = false;

  constructor(options: SchedulerParts) {
    this.#options = options;
  }

  /**
   * Begins a term: loads the states from the ledger, compares the configuration with them, and commits what is
   * new. Nothing from an earlier term is reused. A state that cannot be read blocks its entry alone.
   */
  async begin(term: Term): Promise<void> {
    const { catalog, events, ledger } = this.#options;
    const errors = new Map<string, StoreError>();
    const states = await ledger.load((entry, error) => errors.set(entry, error));
    const known: KnownEntry[] = [...states].map(([name, state]) => {
      return { name, entry: catalog.find(name), state };
    });
    const others = [...catalog.names].filter((name) => !states.has(name) && !errors.has(name));
    known.push(...(await this.#find(others, errors)));
    this.#block(errors);
    const { scheduled, recent } = this.#options;
    scheduled.clear();
    recent.clear();
    const [first] = states;
    if (first) recent.add(...first);
    this.#rejected.clear();
    const adopted = await this.#adopt(known, term);
    // A stop may have come before the states were stored.
    if (term.stop.aborted) return;
    events.emit('scheduling', {
      term: term.token,
      ...adopted,
      ledgerLost: this.#hasWritten && states.size === 0 && errors.size === 0,
    });
    this.#hasWritten ||= adopted.entries > 0;
  }

  /**
   * Continues the term after the catalog was replaced: compares the entries that differ with their states, and
   * commits what is new. All others keep their place on the agenda. Not to be called during a tick.
   */
  async reload({ added, changed, removed }: Difference, term: Term): Promise<void> {
    const names = new Set([...added, ...changed, ...removed]);
    if (names.size > 0) {
      const known = await this.#findDeclared(names.union(this.#blocked));
      for (const name of names) this.#options.scheduled.remove(name);
      await this.#adopt(known, term);
    }
    // Stored entries depend on the settings too, and on which names are declared.
    this.#options.scheduled.clearStored();
    for (const [name, { entry }] of this.#rejected) if (entry?.stored) this.#rejected.delete(name);
  }

  /** Adopts the waiting entries whose time has come at `now` (epoch milliseconds). */
  async adoptWaiting(now: number, term: Term): Promise<void> {
    if (now >= this.#checkAt) await this.#checkBlocked(term);
    if (now >= this.#options.scheduled.loadAt) await this.#loadStored(now, term);
    // The store rejected their new states before.
    if (now >= this.#adoptAt) await this.#adopt([...this.#rejected.values()], term);
  }

  /** When to adopt again: epoch milliseconds, `Infinity` for never. */
  get wakeAt(): number {
    return Math.min(this.#adoptAt, this.#checkAt, this.#options.scheduled.loadAt);
  }

  /** Finds these entries; those whose states cannot be read are blocked. */
  async #findDeclared(names: ReadonlySet<string>): Promise<readonly KnownEntry[]> {
    const errors = new Map<string, StoreError>();
    const known = await this.#find([...names], errors);
    this.#block(errors);
    return known;
  }

  /**
   * The readable states of these entries. Leaves out stored entries that the configuration no longer declares: the
   * index has them as due.
   */
  async #find(names: readonly string[], errors: Map<string, StoreError>): Promise<readonly KnownEntry[]> {
    const { catalog, ledger, stored } = this.#options;
    if (names.length === 0) return [];
    const states = await ledger.findStates(names, (entry, error) => errors.set(entry, error));
    const rows = (await stored?.entries.find(names)) ?? [];
    const indexedAt = new Map(rows.map(({ entry, dueAt }) => [entry, dueAt]));
    return names
      .map((name) => ({ name, entry: catalog.find(name), state: states.get(name), indexedAt: indexedAt.get(name) }))
      .filter(({ name, entry }) => !errors.has(name) && (entry !== undefined || !indexedAt.has(name)));
  }

  /** Blocks the enabled entries among these, and reports the error of each as a failure. */
  #block(errors: ReadonlyMap<string, StoreError>): void {
    const { catalog, events, blocked } = this.#options;
    const unreadable = new Map([...errors].filter(([name]) => catalog.find(name)?.enabled === true));
    for (const entry of this.#blocked) {
      if (!unreadable.has(entry)) events.reportRecovery({ kind: 'read-state', entry });
    }
    for (const [entry, error] of unreadable) {
      events.reportFailure({ kind: 'read-state', entry }, new StoreError(explainState(entry, error)));
    }
    this.#blocked = new Set(unreadable.keys());
    blocked?.([...this.#blocked]);
    this.#checkLater();
  }

  #checkLater(): void {
    this.#checkAt = this.#blocked.size > 0 ? this.#options.clock.now() + CHECK_INTERVAL : Infinity;
  }

  /** Schedules entries that were blocked and whose states were repaired or removed. */
  async #checkBlocked(term: Term): Promise<void> {
    // The next commit reports an unreachable store; this check does not end the term.
    const known = await this.#findDeclared(this.#blocked).catch(() => null);
    if (known) await this.#adopt(known, term);
    else this.#checkLater();
  }

  async #loadStored(now: number, term: Term): Promise<void> {
    const loaded = await this.#options.scheduled.load(now);
    // An index that another program wrote to may have an entry twice, and two changes of it would conflict.
    const byName = new Map(loaded.map((each) => [each.entry.name, each]));
    const fresh = [...byName.values()].filter(({ entry }) => this.#isFresh(entry.name));
    const known = fresh.map((each) => ({ ...each, name: each.entry.name }));
    await this.#adopt(known, term);
  }

  /** Whether a stored entry is not in memory. A declared entry takes precedence over a stored one of the same name. */
  #isFresh(name: string): boolean {
    const { catalog, events } = this.#options;
    if (!catalog.find(name)) return !this.#options.scheduled.find(name);
    const error = new StoreError('the configuration declares an entry of the same name');
    events.reportFailure({ kind: 'read-definition', entry: name }, error);
    return false;
  }

  /** Compares entries with their states, commits what is new, and puts enabled entries on the agenda. */
  async #adopt(known: readonly KnownEntry[], term: Term): Promise<Pick<SchedulingEvent, 'entries' | 'changes'>> {
    const { clock, scheduled, committer } = this.#options;
    const { unchanged, changed } = await runInSlices(planAdoption(known, clock.now()), clock);
    const rejected = new Set<string>();
    const retry = ({ change }: PlannedChange) => rejected.add(change.entry);
    await committer.commit(changed, (each) => each.splice(0), term, retry);
    for (const each of known) {
      if (rejected.has(each.name)) this.#rejected.set(each.name, each);
      else this.#rejected.delete(each.name);
    }
    if (rejected.size > 0) this.#adoptAt = clock.now() + PAUSE;
    else if (this.#rejected.size === 0) this.#adoptAt = Infinity;
    await runInSlices(scheduleAll(scheduled, unchanged), clock);
    const committed = changed.filter(({ change }) => !rejected.has(change.entry));
    const changes: Partial<Record<EntryChange, number>> = {};
    for (const { edit } of committed) if (edit) changes[edit] = (changes[edit] ?? 0) + 1;
    const enabled = committed.filter(({ entry }) => entry?.enabled);
    return { entries: unchanged.length + enabled.length, changes };
  }
}

function* scheduleAll(scheduled: ScheduledEntries, entries: Adoption['unchanged']): Steps<void> {
  for (const { entry, state } of entries) {
    scheduled.schedule(entry, state);
    yield;
  }
}
