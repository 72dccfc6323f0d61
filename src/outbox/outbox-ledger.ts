import type { Broker } from '../broker/broker.ts';
import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import { withGracePeriod } from '../util/grace-period.ts';
import { Delivery } from './relay.ts';
import type { Ledger } from '../store/ledger.ts';
import type { EntryState, OnUnreadable } from '../store/entry-state.ts';
import type { Commit, CommitOutcome } from '../store/commit.ts';
import type { Outbox } from '../store/outbox.ts';
import type { OutboxReports } from './reports.ts';
import { DEFAULT_LATENESS, type LatenessOf } from '../catalog/catch-up.ts';

/** The pause before refused messages are tried again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

const NOBODY: OutboxReports = {
  progressed: () => {},
  delivered: () => {},
  skipped: () => {},
  waiting: () => {},
};

/**
 * The ledger of a broker that is another store. A commit is three steps: keep the messages with their
 * records, publish them, forget them. Whatever dies between two of them leaves the messages kept, and
 * the next term publishes what it finds before anything else: at least once, under the same task ids.
 *
 * A broker that cannot be reached fails the commit, which is then repeated. A broker that refuses some
 * of the messages (there is no such queue) does not: others must not wait for what only an operator can
 * put right. Refused messages stay kept, and are tried again after growing pauses and by each new term,
 * for as long as they are owed by what their entry says of missed runs.
 */
export class OutboxLedger implements Ledger {
  readonly batch: Ledger['batch'];
  readonly #outbox: Outbox;
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #reports: OutboxReports;
  readonly #latenessOf: LatenessOf;
  #delivery: Delivery | null = null;
  #retrying: AbortController | null = null;

  constructor(
    outbox: Outbox,
    broker: Broker,
    clock: Clock,
    reports: OutboxReports = NOBODY,
    latenessOf: LatenessOf = () => DEFAULT_LATENESS,
  ) {
    this.batch = outbox.batch;
    this.#outbox = outbox;
    this.#broker = broker;
    this.#clock = clock;
    this.#reports = reports;
    this.#latenessOf = latenessOf;
  }

  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#outbox.load(unreadable);
  }

  /** Sends what earlier terms left behind, before it answers. Rejects while the broker is out of reach. */
  async beginTerm(stop?: AbortSignal): Promise<number> {
    const term = await this.#outbox.beginTerm();
    const delivery = this.#deliveryOf(term);
    if (!(await withGracePeriod(this.#clock, stop, delivery.drain(stop)))) {
      throw new StoreError('ledger.beginTerm: another term has begun meanwhile');
    }
    this.#retryLater(delivery);
    return term;
  }

  /**
   * As `Ledger.commit`. It is committed once its messages are in their queues or refused; should another
   * term begin in the middle, that one publishes them as well, under the same task ids.
   */
  async commit(commit: Commit, stop?: AbortSignal): Promise<CommitOutcome> {
    const outcome = await this.#outbox.append(commit);
    if (outcome.kind !== 'committed') return outcome;
    const delivery = this.#deliveryOf(commit.token);
    const delivering = delivery.deliver(outcome.pending);
    const { refused } = await withGracePeriod(this.#clock, stop, delivering);
    if (refused.length === 0) return { kind: 'committed' };
    this.#retryLater(delivery);
    const kind = 'rejected';
    return { kind: 'committed', unpublished: refused.map((each) => ({ ...each, kind })) };
  }

  async close(): Promise<void> {
    this.#retrying?.abort();
    await Promise.all([this.#outbox.close(), this.#broker.close()]);
  }

  #deliveryOf(term: number): Delivery {
    if (this.#delivery?.term === term) return this.#delivery;
    this.#retrying?.abort();
    this.#retrying = null;
    this.#delivery = new Delivery(term, {
      outbox: this.#outbox,
      broker: this.#broker,
      clock: this.#clock,
      reports: this.#reports,
      latenessOf: this.#latenessOf,
    });
    return this.#delivery;
  }

  #retryLater(delivery: Delivery): void {
    this.#reports.waiting(delivery.refusedCount);
    if (this.#retrying || delivery.refusedCount === 0) return;
    const retrying = new AbortController();
    this.#retrying = retrying;
    void this.#retry(delivery, retrying.signal).finally(() => {
      if (this.#retrying === retrying) this.#retrying = null;
    });
  }

  /** Until nothing is refused any more, or the term is over. */
  async #retry(delivery: Delivery, over: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE;
    for (;;) {
      await this.#clock.sleep(pause, over);
      if (over.aborted) return;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      try {
        const current = await delivery.retry(over);
        if (this.#delivery === delivery) this.#reports.waiting(delivery.refusedCount);
        if (!current || delivery.refusedCount === 0) return;
      } catch {
        // Out of reach: the next commit tells. What is kept stays kept, some of it perhaps taken by now.
      }
    }
  }
}
