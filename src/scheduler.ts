import { Agenda, type Item } from './agenda.ts';
import { RefusedError, type Refusal } from './broker/broker.ts';
import type { Clock } from './clock.ts';
import type { Entry } from './entry.ts';
import { StoreError } from './errors.ts';
import type { EntryEvent, Events, SentEvent } from './events.ts';
import { TermEnded, type Term } from './leadership.ts';
import type { Change, Ledger, LedgerRecord } from './ledger/ledger.ts';
import { compose, type Producer } from './message/compose.ts';
import { decide, reconcile, type Skip } from './plan.ts';

export interface SchedulerOptions {
  readonly entries: readonly Entry[];
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly events: Events;
  readonly producer: Producer;
  /** Called whenever a commit is tried: a store that is away is not a loop that hangs. */
  readonly progressed: () => void;
}

/** What was decided about one entry, ready to be committed, and what there will be to tell of it. */
interface Step {
  readonly entry: Entry;
  readonly change: Change;
  readonly sent: readonly SentEvent[];
  readonly skipped: readonly Skip[];
}

/** By message: why a broker that is not the ledger would not take it. */
type Refused = ReadonlyMap<unknown, RefusedError>;

const NONE: Refused = new Map();

function refusedIn({ refused = [] }: { readonly refused?: readonly Refusal[] }): Refused {
  if (refused.length === 0) return NONE;
  return new Map(refused.map((refusal) => [refusal.message, new RefusedError([refusal])]));
}

/** The pause before a commit that failed is tried again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;

/**
 * One pass at a time: what is due, decided by the plan, made into messages, committed in batches. It
 * sets no timer: whoever calls `tick` waits until the instant that it answers.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #agenda = new Agenda();
  #hasWritten = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /**
   * Begins a term: reads what was dealt with from the ledger, holds the config against it, and writes
   * down what is new. Everything that an earlier term believed is forgotten here.
   */
  async begin(term: Term, stop: AbortSignal): Promise<void> {
    const { entries, ledger, clock, events } = this.#options;
    const records = await ledger.load();
    const now = clock.now();
    const configured = new Map(entries.map((entry) => [entry.name, entry]));
    const standing: [Entry, LedgerRecord][] = [];
    const news: Change[] = [];
    const changes: Partial<Record<EntryEvent['change'], number>> = {};
    for (const name of new Set([...configured.keys(), ...records.keys()])) {
      const entry = configured.get(name);
      const expected = records.get(name);
      const reconciled = reconcile(entry, expected, now);
      if (!reconciled) continue;
      const { record, change } = reconciled;
      if (change) {
        news.push({ entry: name, expected: expected ?? null, record, messages: [] });
        changes[change] = (changes[change] ?? 0) + 1;
        events.announce('entry', { entry: name, change });
      }
      if (entry?.enabled) standing.push([entry, record]);
    }
    await this.#inBatches(news, term, stop, (batch) => this.#commit(batch, term, stop));
    this.#agenda = new Agenda();
    for (const [entry, record] of standing) this.#schedule(entry, record);
    events.announce('begun', {
      term: term.number,
      entries: standing.length,
      changes,
      ledgerLost: this.#hasWritten && records.size === 0,
    });
    this.#hasWritten ||= standing.length > 0;
  }

  /**
   * Deals with all that is due now, and answers when to look again: epoch milliseconds, `Infinity` for
   * never. A stop is heard between batches. Throws `TermEnded` when the term cannot go on.
   */
  async tick(term: Term, stop: AbortSignal): Promise<number> {
    const { clock, events } = this.#options;
    const now = clock.now();
    let sent = 0;
    await this.#inBatches(this.#agenda.take(now), term, stop, async (batch) => {
      const steps = batch.flatMap(
        (item) => this.#unlessBroken(item.entry, () => this.#prepare(item, now, term)) ?? [],
      );
      const changes = steps.map((step) => step.change);
      const refused = await this.#commit(changes, term, stop);
      if (!refused) return;
      for (const step of steps) {
        this.#schedule(step.entry, step.change.record);
        sent += this.#tell(step, refused);
      }
    });
    const wakeAt = this.#agenda.nextDueAt;
    events.announce('tick', { sent, wakeAt });
    return wakeAt;
  }

  #schedule(entry: Entry, record: LedgerRecord): void {
    this.#unlessBroken(entry, () => {
      this.#agenda.add(entry, record);
    });
  }

  /**
   * An entry whose own schedule throws (users may bring theirs) must not hold up the others: it is told
   * of, and left out until the next term.
   */
  #unlessBroken<T>(entry: Entry, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#options.events.failed(`schedule ${entry.name}`, error);
      return undefined;
    }
  }

  #prepare({ entry, record, dueAt: first }: Item, now: number, term: Term): Step {
    const { producer } = this.#options;
    const { send, skip, dueAt } = decide(entry, first, now);
    const sentAt = this.#options.clock.now();
    const messages = send.map((at) => compose({ entry, dueAt: at }, sentAt, producer));
    const sent = messages.map((message, i) => ({
      entry: entry.name,
      task: entry.task,
      taskId: message.taskId,
      queue: message.queue,
      dueAt: send[i] ?? dueAt,
      sentAt,
      term: term.number,
    }));
    const last = messages.at(-1);
    const next: LedgerRecord = {
      ...record,
      dueAt,
      sentAt: last ? sentAt : record.sentAt,
      taskId: last ? last.taskId : record.taskId,
      runCount: record.runCount + messages.length,
    };
    return {
      entry,
      change: { entry: entry.name, expected: record, record: next, messages },
      sent,
      skipped: skip,
    };
  }

  /** Answers how many were sent. What was refused is no run yet: it is kept, and tried again. */
  #tell({ entry, change, sent, skipped }: Step, refused: Refused): number {
    const { events } = this.#options;
    for (const skip of skipped) events.announce('skipped', { entry: entry.name, ...skip });
    let count = 0;
    sent.forEach((run, i) => {
      const refusal = refused.get(change.messages[i]);
      const operation = `send to the queue "${run.queue}"`;
      if (refusal) {
        const words = `entry "${entry.name}": ${refusal.message}; it is kept and tried again`;
        events.failed(operation, new StoreError(words, { cause: refusal }));
        return;
      }
      events.worked(operation);
      events.announce('sent', run);
      count++;
    });
    return count;
  }

  /**
   * Runs `work` over all items in the ledger's batches, as many at once as are fast there. When one
   * fails no other begins, and those under way are waited for: nothing of a term outlives it.
   */
  async #inBatches<T>(
    items: readonly T[],
    term: Term,
    stop: AbortSignal,
    work: (batch: T[]) => Promise<unknown>,
  ): Promise<void> {
    const { size, inFlight } = this.#options.ledger.batch;
    let from = 0;
    const worker = async () => {
      while (from < items.length && !stop.aborted) {
        if (!term.trusted) throw new TermEnded('the lock can no longer be trusted');
        const batch = items.slice(from, from + size);
        from += size;
        await work(batch);
      }
    };
    const giveUp = (error: unknown) => {
      from = items.length;
      throw error;
    };
    const count = Math.min(inFlight, Math.ceil(items.length / size));
    const workers = Array.from({ length: count }, () => worker().catch(giveUp));
    const failed = (await Promise.allSettled(workers)).find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * Commits one batch. A failure leaves open whether it went through, and repeating it is harmless, so
   * it is repeated while the term lasts. Answers what was refused of it; `null` when a stop came before it
   * could go through.
   */
  async #commit(
    changes: readonly Change[],
    term: Term,
    stop: AbortSignal,
  ): Promise<Refused | null> {
    const { ledger, clock, events, progressed } = this.#options;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      progressed();
      try {
        const outcome = await ledger.commit(term.number, changes);
        events.worked('commit');
        if (outcome.kind === 'committed') return refusedIn(outcome);
        throw new TermEnded(
          outcome.kind === 'superseded'
            ? 'another term has begun'
            : `the ledger holds other records than expected, for ${outcome.entries.join(', ')}`,
        );
      } catch (error) {
        if (error instanceof TermEnded) throw error;
        events.failed('commit', error);
      }
      await clock.sleep(pause, AbortSignal.any([term.signal, stop]));
      if (stop.aborted) return null;
      if (!term.trusted) throw new TermEnded('the lock can no longer be trusted');
    }
  }
}
