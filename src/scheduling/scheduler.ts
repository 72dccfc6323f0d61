import { Agenda, type Item } from './agenda.ts';
import { RefusedError } from '../broker/broker.ts';
import { Commits, type Committed, type CommitsOptions } from './committer.ts';
import type { Entry } from '../catalog/entry.ts';
import { StoreError } from '../util/errors.ts';
import type { EntryChange, SchedulingEvent } from '../events/beat-events.ts';
import type { Operation } from '../events/operation.ts';
import { HeldUp, type HeldUpOptions } from './blocked-entries.ts';
import type { Term } from './leadership.ts';
import type { Change, LedgerRecord } from '../store/ledger.ts';
import type { Producer } from '../compose/message-context.ts';
import { reconcile, type Reconciled } from './plan.ts';
import { nameOf } from '../message/destination.ts';
import { prepare, type Step } from './planned-run.ts';

export interface SchedulerOptions extends CommitsOptions, Pick<HeldUpOptions, 'heldUp'> {
  readonly entries: readonly Entry[];
  readonly producer: Producer;
}

/** Before occurrences that could not be made, or that the store declined, are tried again, milliseconds. */
const PAUSE = 10_000;
/** Before chords that the result backend has not heard of are. By then it may have. */
const SHORT_PAUSE = 1_000;

/**
 * One pass at a time: what is due, decided by the plan, made into messages, committed in batches. It
 * sets no timer: whoever calls `tick` waits until the instant that it answers.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #commits: Commits;
  readonly #heldUp: HeldUp;
  #agenda = new Agenda();
  #hasWritten = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#commits = new Commits(options);
    this.#heldUp = new HeldUp(options);
  }

  /**
   * Begins a term: reads what was dealt with from the ledger, holds the config against it, and writes
   * down what is new. Everything that an earlier term believed is forgotten here. An entry whose record
   * cannot be read is held up by itself.
   */
  async begin(term: Term, stop: AbortSignal): Promise<void> {
    const { entries, events } = this.#options;
    const records = await this.#read();
    this.#agenda = new Agenda();
    const names = new Set([...entries.map(({ name }) => name), ...records.keys()]);
    const { standing, changes } = await this.#adopt(names, records, term, stop);
    events.emit('scheduling', {
      term: term.number,
      entries: standing,
      changes,
      ledgerLost: this.#hasWritten && records.size === 0 && this.#heldUp.names.size === 0,
    });
    this.#hasWritten ||= standing > 0;
  }

  /** The records that can be read; the entries of those that cannot are held up. */
  async #read(): Promise<ReadonlyMap<string, LedgerRecord>> {
    const { entries, ledger } = this.#options;
    const errors = new Map<string, StoreError>();
    const records = await ledger.load((entry, error) => errors.set(entry, error));
    const enabled = entries.filter((entry) => entry.enabled && errors.has(entry.name));
    this.#heldUp.found(new Map(enabled.map(({ name }) => [name, errors.get(name)!])));
    return records;
  }

  /** Takes up entries that were held up and whose records were repaired or removed. */
  async #lookAgain(term: Term, stop: AbortSignal): Promise<void> {
    const before = this.#heldUp.names;
    // A store that is away is reported by what writes to it, and is no reason to end the term.
    const records = await this.#read().catch(() => null);
    if (!records) {
      this.#heldUp.lookLater();
      return;
    }
    await this.#adopt(before.difference(this.#heldUp.names), records, term, stop);
  }

  /** Holds entries against their records, writes down what is new, and puts what is enabled on the agenda. */
  async #adopt(
    names: ReadonlySet<string>,
    records: ReadonlyMap<string, LedgerRecord>,
    term: Term,
    stop: AbortSignal,
  ): Promise<{ readonly standing: number; readonly changes: SchedulingEvent['changes'] }> {
    const { entries, clock, events } = this.#options;
    const now = clock.now();
    const configured = new Map(entries.map((entry) => [entry.name, entry]));
    const standing: [Entry, Reconciled][] = [];
    const news: Change[] = [];
    const changes: Partial<Record<EntryChange, number>> = {};
    for (const name of names.difference(this.#heldUp.names)) {
      const entry = configured.get(name);
      const expected = records.get(name);
      const reconciled = reconcile(entry, expected, now);
      if (!reconciled) continue;
      const { record, change } = reconciled;
      if (change) {
        news.push({ entry: name, expected: expected ?? null, record, messages: [] });
        changes[change] = (changes[change] ?? 0) + 1;
        events.emit('entry-changed', { entry: name, change });
      }
      if (entry?.enabled) standing.push([entry, reconciled]);
    }
    await this.#commits.inBatches(news, term, stop, (batch) =>
      this.#commits.commit(batch, term, stop),
    );
    for (const [entry, reconciled] of standing) this.#enter(entry, reconciled);
    return { standing: standing.length, changes };
  }

  /**
   * Deals with all that is due now, and answers when to look again: epoch milliseconds, `Infinity` for
   * never. A stop is heard between batches. Throws `TermEnded` when the term cannot go on.
   */
  async tick(term: Term, stop: AbortSignal): Promise<number> {
    const { clock, events, producer } = this.#options;
    const now = clock.now();
    if (now >= this.#heldUp.lookAt) await this.#lookAgain(term, stop);
    let sent = 0;
    await this.#commits.inBatches(this.#agenda.take(now), term, stop, async (batch) => {
      const made = { now, sentAt: clock.now(), term: term.number };
      const steps = batch.flatMap((item) => this.#prepare(item, made, producer) ?? []);
      const changes = steps.map((step) => step.change);
      const committed = await this.#commits.commit(changes, term, stop);
      if (!committed) return;
      for (const step of steps) {
        const pause = pauseAfter(step.entry.name, committed);
        if (pause !== null) {
          this.#schedule(step.entry, step.before, clock.now() + pause);
        } else {
          this.#schedule(step.entry, step.change.record);
          sent += this.#tell(step, committed);
        }
      }
    });
    const wakeAt = Math.min(this.#agenda.wakeAt, this.#heldUp.lookAt);
    events.emit('tick', { sent, wakeAt });
    return wakeAt;
  }

  /** An occurrence whose arguments cannot be worked out is owed, and tried again after a pause. */
  #prepare(item: Item, made: Parameters<typeof prepare>[1], producer: Producer): Step | undefined {
    const { entry, record } = item;
    const { clock, events } = this.#options;
    try {
      return prepare(item, made, producer);
    } catch (error) {
      events.reportFailure({ kind: 'prepare', entry: entry.name }, error);
      this.#schedule(entry, record, clock.now() + PAUSE);
      return undefined;
    }
  }

  /** What counts from now owes nothing for the past; where nothing else was to come, that is told. */
  #enter(entry: Entry, { record, change }: Reconciled): void {
    const waits = this.#schedule(entry, record);
    if (waits !== false || change === null || change === 'paused' || change === 'removed') return;
    const { spec, description = spec } = entry.schedule;
    this.#options.events.emit('never-due', { entry: entry.name, change, schedule: description });
  }

  /** `false` when it will never be due again, `undefined` when that cannot be told. */
  #schedule(entry: Entry, record: LedgerRecord, notBefore?: number): boolean | undefined {
    return this.#unlessBroken(entry, () => this.#agenda.add(entry, record, notBefore));
  }

  /**
   * An entry whose own schedule throws (users may bring theirs) must not hold up the others: it is told
   * of, and left out until the next term.
   */
  #unlessBroken<T>(entry: Entry, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#options.events.reportFailure({ kind: 'schedule', entry: entry.name }, error);
      return undefined;
    }
  }

  /**
   * Answers how many were sent. What was refused is no run yet: it is kept, and tried again. What nobody
   * heard is none either, and gone.
   */
  #tell({ entry, sent, skipped }: Step, { refused, unheard }: Committed): number {
    const { events } = this.#options;
    const { name } = entry;
    for (const skip of skipped) events.emit('skipped', { entry: entry.name, ...skip });
    let count = 0;
    for (const run of sent) {
      const { messages, dueAt } = run;
      const refusal = refused.find(({ message }) => messages.includes(message));
      if (refusal) {
        const cause = new RefusedError([refusal]);
        const what = `entry "${entry.name}", task ${refusal.message.taskId}`;
        const words = `${what}: ${refusal.reason}; it is kept and tried again`;
        events.reportFailure(
          publishing(name, nameOf(refusal.message.destination)),
          new StoreError(words, { cause }),
        );
        continue;
      }
      const [lost, heard] = [new Set<string>(), new Set<string>()];
      for (const each of messages)
        (unheard.includes(each) ? lost : heard).add(nameOf(each.destination));
      for (const target of lost) {
        const words = `entry "${entry.name}": nobody listened, and a fanout exchange keeps nothing`;
        events.reportFailure(publishing(name, target), new StoreError(words));
      }
      for (const target of heard) events.reportRecovery(publishing(name, target));
      events.reportRecovery({ kind: 'prepare', entry: name });
      events.reportRecovery({ kind: 'commit-entry', entry: name });
      if (lost.size > 0 && heard.size === 0) {
        const skip = { first: dueAt, last: dueAt, count: 1 };
        events.emit('skipped', { entry: entry.name, reason: 'no-subscribers', ...skip });
        continue;
      }
      events.emit('sent', run);
      count++;
    }
    return count;
  }
}

/** `null` for an entry that was committed. */
function pauseAfter(entry: string, { declined, unannounced }: Committed): number | null {
  if (unannounced.includes(entry)) return SHORT_PAUSE;
  return declined.includes(entry) ? PAUSE : null;
}

function publishing(entry: string, target: string): Operation {
  return { kind: 'publish', entry, target };
}
