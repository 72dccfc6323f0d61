import { RefusedError, type Broker, type Refusal } from '../broker/broker.ts';
import type { KeptMessage, Outbox } from './outbox.ts';

/** Messages that a drain has in hand at once. */
const BITE = 500;

/**
 * What one term does with kept messages: publishes each, once, and has it forgotten. A message whose
 * publishing failed, or that was refused, may be tried again; one that the broker has is only forgotten.
 */
export class Delivery {
  readonly term: number;
  readonly #outbox: Outbox;
  readonly #broker: Broker;
  /** By id: the publishing of a message, under way or done, until it is forgotten. */
  readonly #published = new Map<string, Promise<void>>();
  /** By id: why a message stays kept. */
  readonly #refused = new Map<string, Refusal>();

  constructor(term: number, outbox: Outbox, broker: Broker) {
    this.term = term;
    this.#outbox = outbox;
    this.#broker = broker;
  }

  /** Whether messages wait here that the broker would not take. */
  get hasRefused(): boolean {
    return this.#refused.size > 0;
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
    const current = taken.length === 0 || (await this.#outbox.forget(this.term, taken));
    for (const id of taken) this.#published.delete(id);
    return { refused, current };
  }

  /** Delivers all that is kept, oldest first. `false` when another term has begun meanwhile. */
  async drain(): Promise<boolean> {
    return this.#deliverWhere(() => true);
  }

  /**
   * Tries again what was refused, and forgets what was taken in a try before that could not forget it.
   * `false` when another term has begun.
   */
  async retry(): Promise<boolean> {
    // To forget nothing tells whether the term goes on: unlike a commit, a retry follows no keep.
    if (!(await this.#outbox.forget(this.term, []))) return false;
    return this.#deliverWhere(({ id }) => this.#refused.has(id) || this.#published.has(id));
  }

  async #deliverWhere(wanted: (kept: KeptMessage) => boolean): Promise<boolean> {
    for (let after = ''; ;) {
      const page = await this.#outbox.kept(BITE, after);
      const { current } = await this.deliver(page.filter(wanted));
      const last = page.at(-1);
      if (!current || !last) return current;
      after = last.id;
    }
  }

  /** Resolves when the broker has answered for each; what it refused is noted, and may be tried again. */
  async #publish(fresh: readonly KeptMessage[]): Promise<void> {
    const reasons = new Map<unknown, Refusal>();
    try {
      await this.#broker.publish(fresh.map(({ message }) => message));
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
