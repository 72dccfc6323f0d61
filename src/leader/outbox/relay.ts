import type { Rejection } from '../../contracts/broker/broker.ts';
import type { OutboxMessage } from '../../contracts/store/outbox.ts';
import type { TermService } from '../../contracts/store/store.ts';
import { Condition } from '../../util/condition.ts';
import { StoreError } from '../../util/errors.ts';
import { TermPublisher, type FindPolicies, type PublisherOptions, type RelayReports } from './term-publisher.ts';

export interface RelayOptions extends Omit<PublisherOptions, 'reports' | 'findPolicies'> {
  readonly reports?: RelayReports | undefined;
  /** Unless given, all entries have the default policy. */
  readonly findPolicies?: FindPolicies | undefined;
}

/** The pause before rejected messages are published again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 60_000;

const NO_REPORTS: RelayReports = {
  progressed: () => {},
  delivered: () => {},
  skipped: () => {},
  waiting: () => {},
  unreadable: () => {},
};

/**
 * Publishes the messages in the outbox to a broker that is another store.
 *
 * Messages that the broker rejects (there is no such queue) stay in the outbox, so that other messages do not wait for
 * a repair by an operator. They are published again after growing pauses and by each new term, as long as the catch-up
 * policy of their entry allows.
 */
export class OutboxRelay implements TermService {
  readonly #options: PublisherOptions;
  readonly #rejected = new Condition();
  #publisher: TermPublisher | null = null;

  constructor(options: RelayOptions) {
    const { reports = NO_REPORTS, findPolicies = () => Promise.resolve(new Map()) } = options;
    this.#options = { ...options, reports, findPolicies };
  }

  /** Publishes what earlier terms left in the outbox. Rejects while the broker is unreachable. */
  async begin(token: number, stop?: AbortSignal): Promise<void> {
    const publisher = this.#publisherOf(token);
    if (!(await publisher.publishAll(stop))) {
      throw new StoreError('ledger.beginTerm: a newer term has begun');
    }
    this.#reportWaiting(publisher);
  }

  /** Publishes messages that were appended in this term. Resolves with the rejected ones, which are retried. */
  async publish(token: number, messages: readonly OutboxMessage[]): Promise<readonly Rejection[]> {
    const publisher = this.#publisherOf(token);
    const { rejections } = await publisher.publish(messages);
    if (rejections.size > 0) this.#reportWaiting(publisher);
    return [...rejections.values()];
  }

  /** Retries rejected messages of a term until it ends. Never rejects. */
  async run(token: number, signal: AbortSignal): Promise<void> {
    const publisher = this.#publisherOf(token);
    while (!signal.aborted) {
      if (publisher.rejectedCount === 0) await this.#rejected.wait(signal);
      else if (!(await this.#retry(publisher, signal))) return;
    }
  }

  async close(): Promise<void> {
    await this.#options.broker.close();
  }

  /** Retries until no message is rejected any more. `false` when a newer term has begun. */
  async #retry(publisher: TermPublisher, signal: AbortSignal): Promise<boolean> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, MAX_PAUSE)) {
      await this.#options.clock.sleep(pause, signal);
      if (signal.aborted) return true;
      try {
        const isCurrent = await publisher.retry(signal);
        this.#reportWaiting(publisher);
        if (!isCurrent || publisher.rejectedCount === 0) return isCurrent;
      } catch {
        // The next commit reports that the broker or the outbox is unreachable.
      }
    }
  }

  #reportWaiting(publisher: TermPublisher): void {
    if (publisher !== this.#publisher) return;
    const { rejectedCount } = publisher;
    this.#options.reports.waiting(rejectedCount, publisher.oldestRejected);
    if (rejectedCount > 0) this.#rejected.notifyAll();
  }

  #publisherOf(token: number): TermPublisher {
    if (this.#publisher?.token !== token) {
      this.#publisher = new TermPublisher(token, this.#options);
    }
    return this.#publisher;
  }
}
