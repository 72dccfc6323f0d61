import type { Commit, CommitOutcome } from '../../contracts/store/commit.ts';
import type { EntryState, OnUnreadable } from '../../contracts/store/entry-state.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { Outbox } from '../../contracts/store/outbox.ts';
import type { Clock } from '../../util/clock.ts';
import { withGracePeriod } from '../../util/grace-period.ts';
import type { OutboxRelay } from './relay.ts';

/**
 * The ledger if broker and state are two stores. A commit appends its messages to the outbox, together with its states;
 * the relay then publishes and removes them. If the process dies between two of these steps, the messages are still in
 * the outbox, and the next term publishes them before anything else: at least once, under the same task ids. While the
 * broker is unreachable, commits fail and are repeated.
 */
export class OutboxLedger implements Ledger {
  readonly batch: Ledger['batch'];
  readonly #outbox: Outbox;
  readonly #relay: OutboxRelay;
  readonly #clock: Clock;

  constructor(outbox: Outbox, relay: OutboxRelay, clock: Clock) {
    this.batch = outbox.batch;
    this.#outbox = outbox;
    this.#relay = relay;
    this.#clock = clock;
  }

  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#outbox.load(unreadable);
  }

  findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#outbox.findStates(entries, unreadable);
  }

  /** Publishes what earlier terms left in the outbox before it answers. Rejects while the broker is unreachable. */
  async beginTerm(stop?: AbortSignal): Promise<number> {
    const token = await this.#outbox.beginTerm();
    await withGracePeriod(this.#clock, stop, this.#relay.begin(token, stop));
    return token;
  }

  /**
   * As `Ledger.commit`; the outcome is `committed` once the broker has answered about each message. If a newer term
   * begins during the commit, that term publishes the messages too, under the same task ids.
   */
  async commit(commit: Commit, stop?: AbortSignal): Promise<CommitOutcome> {
    const outcome = await this.#outbox.append(commit);
    if (outcome.kind !== 'committed') return outcome;
    const publishing = this.#relay.publish(commit.token, outcome.pending);
    const rejections = await withGracePeriod(this.#clock, stop, publishing);
    if (rejections.length === 0) return { kind: 'committed' };
    const unpublished = rejections.map((each) => ({ ...each, kind: 'rejected' }) as const);
    return { kind: 'committed', unpublished };
  }

  async close(): Promise<void> {
    await Promise.all([this.#outbox.close(), this.#relay.close()]);
  }
}
