import type { Commit, CommitOutcome } from '../../contracts/store/commit.ts';
import type { EntryState, OnUnreadable } from '../../contracts/store/entry-state.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { OutboxMessage } from '../../contracts/store/outbox.ts';
import type { TermService } from '../../contracts/store/store.ts';
import { Condition } from '../../util/condition.ts';
import { StoreError } from '../../util/errors.ts';
import { withGracePeriod } from '../../util/grace-period.ts';
import { waitAtMost } from '../../util/wait.ts';
import type { Rejections } from './message-states.ts';
import { TermPublisher, type PublisherOptions } from './term-publisher.ts';

/** The pause before rejected messages are published again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 60_000;

/** How often the outbox is checked for messages that a store which lost its newest writes has again. Milliseconds. */
const CHECK_INTERVAL = 60_000;

/**
 * The ledger if broker and state are two stores. A commit appends its messages to the outbox, together with its states,
 * and then publishes and removes them. If the process dies between two of these steps, the messages are still in the
 * outbox, and the next term publishes them before anything else: at least once, under the same task ids. While the
 * broker is unreachable, commits fail and are repeated.
 *
 * It is also the relay: messages that the broker rejects (there is no such queue) stay in the outbox, so that other
 * messages do not wait for a repair by an operator. They are published again after growing pauses and by each new term,
 * as long as the catch-up policy of their entry allows.
 */
export class OutboxLedger implements Ledger, TermService {
  readonly batch: Ledger['batch'];
  readonly #options: PublisherOptions;
  readonly #wakeup = new Condition();
  /** Commits under way. */
  #inFlight = 0;
  /** Whether a commit got no answer: its messages may be in the outbox. */
  #isUnsure = false;
  #publisher: TermPublisher | null = null;

  constructor(options: PublisherOptions) {
    this.batch = options.outbox.batch;
    this.#options = options;
  }

  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#options.outbox.load(unreadable);
  }

  findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#options.outbox.findStates(entries, unreadable);
  }

  /** Publishes what earlier terms left in the outbox before it answers. Rejects while the broker is unreachable. */
  async beginTerm(stop?: AbortSignal): Promise<number> {
    const { outbox, clock } = this.#options;
    const token = await outbox.beginTerm();
    const publisher = this.#publisherOf(token);
    this.#isUnsure = false;
    if (!(await withGracePeriod(clock, stop, publisher.publishAll(stop)))) {
      throw new StoreError('ledger.beginTerm: a newer term has begun');
    }
    this.#reportWaiting(publisher);
    return token;
  }

  /**
   * As `Ledger.commit`; the outcome is `committed` once the broker has answered about each message. If a newer term
   * begins during the commit, that term publishes the messages too, under the same task ids.
   */
  async commit(commit: Commit, stop?: AbortSignal): Promise<CommitOutcome> {
    this.#inFlight += 1;
    try {
      return await this.#commit(commit, stop);
    } catch (error) {
      this.#isUnsure = true;
      this.#wakeup.notifyAll();
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /**
   * Publishes, until the term ends, messages that were rejected, and messages of commits without an answer: a commit may
   * not be repeated, and its messages are in the outbox. Never rejects.
   */
  async run(token: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const publisher = this.#publisherOf(token);
    let oldest: string | undefined;
    while (!signal.aborted) {
      if (!this.#hasWork(publisher)) await waitAtMost(clock, CHECK_INTERVAL, signal, (end) => this.#wakeup.wait(end));
      if (this.#hasWork(publisher)) {
        if (!(await this.#retry(publisher, signal))) return;
        continue;
      }
      if (signal.aborted as boolean) return;
      // A commit under way publishes its messages sooner. The next commit reports an unreachable outbox.
      const before = oldest;
      oldest = await publisher.findOldest().catch(() => undefined);
      this.#isUnsure ||= oldest !== undefined && oldest === before;
    }
  }

  async close(): Promise<void> {
    const { outbox, broker } = this.#options;
    await Promise.all([outbox.close(), broker.close()]);
  }

  async #commit(commit: Commit, stop: AbortSignal | undefined): Promise<CommitOutcome> {
    const { outbox, clock } = this.#options;
    const outcome = await outbox.append(commit);
    if (outcome.kind !== 'committed') return outcome;
    const rejections = await withGracePeriod(clock, stop, this.#publish(commit.token, outcome.pending));
    if (rejections.size === 0) return { kind: 'committed' };
    const unpublished = Array.from(rejections.values(), (each) => ({ ...each, kind: 'rejected' }) as const);
    return { kind: 'committed', unpublished };
  }

  /** Publishes messages that were appended in this term. Resolves with the rejections, which are retried. */
  async #publish(token: number, messages: readonly OutboxMessage[]): Promise<Rejections> {
    const publisher = this.#publisherOf(token);
    const { rejections } = await publisher.publish(messages);
    if (rejections.size > 0) this.#reportWaiting(publisher);
    return rejections;
  }

  #hasWork({ waiting }: TermPublisher): boolean {
    return this.#isUnsure || waiting.length > 0;
  }

  /** Retries until no message is left over. `false` when a newer term has begun. */
  async #retry(publisher: TermPublisher, signal: AbortSignal): Promise<boolean> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, MAX_PAUSE)) {
      await this.#options.clock.sleep(pause, signal);
      if (signal.aborted) return true;
      // The messages of a commit under way are published by the commit itself.
      const isPassDue = this.#isUnsure && this.#inFlight === 0;
      if (isPassDue) this.#isUnsure = false;
      try {
        const isCurrent = await publisher.retry(signal, isPassDue);
        this.#reportWaiting(publisher);
        if (!isCurrent || !this.#hasWork(publisher)) return isCurrent;
      } catch {
        // The next commit reports that the broker or the outbox is unreachable.
        this.#isUnsure ||= isPassDue;
      }
    }
  }

  #reportWaiting(publisher: TermPublisher): void {
    if (publisher !== this.#publisher) return;
    const instants = publisher.waiting.map(({ run }) => run.dueAt);
    const oldest = instants.reduce<number | null>((least, at) => Math.min(least ?? at, at), null);
    this.#options.reports?.waiting(instants.length, oldest);
    if (instants.length > 0) this.#wakeup.notifyAll();
  }

  #publisherOf(token: number): TermPublisher {
    if (this.#publisher?.token !== token) this.#publisher = new TermPublisher(token, this.#options);
    return this.#publisher;
  }
}
