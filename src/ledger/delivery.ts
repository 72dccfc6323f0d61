import { RefusedError, type Broker, type Refusal } from '../broker/broker.ts';
import type { Clock } from '../clock.ts';
import type { Message } from '../message/message.ts';
import type { KeptMessage, Outbox, OutboxReports } from './outbox.ts';

/** Messages that a drain has in hand at once. */
const BITE = 500;

export interface DeliveryOptions {
  readonly outbox: Outbox;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly reports: OutboxReports;
}

/**
 * What one term does with kept messages: publishes each, once, and has it forgotten. A message whose
 * publishing failed, or that was refused, may be tried again; one that the broker has is only forgotten.
 */
export class Delivery {
  readonly term: number;
  readonly #options: DeliveryOptions;
  /** By id: the publishing of a message, under way or done, until it is forgotten. */
  readonly #published = new Map<string, Promise<void>>();
  /** By id: why a message stays kept. */
  readonly #refused = new Map<string, Refusal>();

  constructor(term: number, options: DeliveryOptions) {
    this.term = term;
    this.#options = options;
  }

  /** How many messages wait here that the broker would not take. */
  get refusedCount(): number {
    return this.#refused.size;
  }

  /**
   * Publishes messages that the broker does not have yet, and forgets all that it has. `current` is
   * `false` when another term has begun meanwhile. Rejects when it cannot be known what the broker has.
   */
  async deliver(
    kept: readonly KeptMessage[],
  ): Promise<{ readonly refused: readonly Refusal[]; readonly current: boolean }> {
    const fresh = kept.filter(({ id }) => !this.#published.has(id));
    if (fresh.length > 0) {
      const publishing = this.#publish(fresh);
      for (const { id } of fresh) this.#published.set(id, publishing);
    }
    await Promise.all(new Set(kept.flatMap(({ id }) => this.#published.get(id) ?? [])));

    const refused = kept.flatMap(({ id }) => this.#refused.get(id) ?? []);
    const taken = kept.map(({ id }) => id).filter((id) => !this.#refused.has(id));
    const current = taken.length === 0 || (await this.#options.outbox.forget(this.term, taken));
    for (const id of taken) this.#published.delete(id);
    return { refused, current };
  }

  /**
   * Delivers all that is kept, oldest first, until a stop. `false` when another term has begun meanwhile.
   */
  async drain(stop?: AbortSignal): Promise<boolean> {
    return this.#deliverWhere(() => true, stop);
  }

  /**
   * Tries again what was refused, and forgets what was taken in a try before that could not forget it.
   * `false` when another term has begun.
   */
  async retry(stop?: AbortSignal): Promise<boolean> {
    // To forget nothing tells whether the term goes on: unlike a commit, a retry follows no keep.
    if (!(await this.#options.outbox.forget(this.term, []))) return false;
    return this.#deliverWhere(({ id }) => this.#refused.has(id) || this.#published.has(id), stop);
  }

  async #deliverWhere(
    wanted: (kept: KeptMessage) => boolean,
    stop: AbortSignal | undefined,
  ): Promise<boolean> {
    for (let after = ''; !stop?.aborted;) {
      const page = await this.#options.outbox.kept(BITE, after);
      const current = await this.#deliverLate(page.filter(wanted));
      this.#options.reports.progressed();
      const last = page.at(-1);
      if (!current || !last) return current;
      after = last.id;
    }
    return true;
  }

  /** Tells what became of messages that were kept for longer than their commit took. */
  async #deliverLate(kept: readonly KeptMessage[]): Promise<boolean> {
    const { outbox, clock, reports } = this.#options;
    const now = clock.now();
    const expired = kept.filter(({ id, message }) => {
      return !this.#published.has(id) && isExpired(message, now);
    });
    const alive = kept.filter((each) => !expired.includes(each));
    const fresh = alive.filter(({ id }) => !this.#published.has(id));
    const { current } = await this.deliver(alive);
    const delivered = fresh.filter(({ id }) => !this.#refused.has(id));
    if (delivered.length > 0) reports.delivered(delivered);
    if (!current || expired.length === 0) return current;
    const ids = expired.map(({ id }) => id);
    if (!(await outbox.forget(this.term, ids))) return false;
    for (const id of ids) this.#refused.delete(id);
    reports.expired(expired);
    return true;
  }

  /** Resolves when the broker has answered for each; what it refused is noted, and may be tried again. */
  async #publish(fresh: readonly KeptMessage[]): Promise<void> {
    const reasons = new Map<unknown, Refusal>();
    try {
      await this.#options.broker.publish(fresh.map(({ message }) => message));
    } catch (error) {
      if (!(error instanceof RefusedError)) {
        for (const { id } of fresh) this.#published.delete(id);
        throw error;
      }
      for (const refusal of error.refused) reasons.set(refusal.message, refusal);
    }
    for (const { id, message } of fresh) {
      const refusal = reasons.get(message);
      if (!refusal) {
        this.#refused.delete(id);
        continue;
      }
      this.#refused.set(id, refusal);
      this.#published.delete(id);
    }
  }
}

/** By the header that workers look at, where it says an instant beyond doubt. */
function isExpired({ headers }: Message, now: number): boolean {
  const { expires } = headers;
  return (
    typeof expires === 'string' &&
    /(Z|[+-]\d\d:?\d\d)$/i.test(expires) &&
    Date.parse(expires) <= now
  );
}
