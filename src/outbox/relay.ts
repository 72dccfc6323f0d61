import type { Broker, Rejection as Refusal } from '../broker/broker.ts';
import type { Clock } from '../util/clock.ts';
import type { Message } from '../message/message.ts';
import type { OutboxMessage, Outbox } from '../store/outbox.ts';
import type { OutboxReports } from './reports.ts';
import { Waiting, type Dropped } from './rejected-messages.ts';
import type { LatenessOf } from '../catalog/catch-up.ts';

/** Messages that a drain has in hand at once. */
const BITE = 500;

export interface DeliveryOptions {
  readonly outbox: Outbox;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly reports: OutboxReports;
  readonly latenessOf: LatenessOf;
}

/** By id. */
type Refusals = ReadonlyMap<string, Refusal>;

/**
 * What one term does with kept messages: publishes each, once, and has it forgotten. A message whose
 * publishing failed, or that was refused, may be tried again; one that the broker has is only forgotten.
 */
export class Delivery {
  readonly term: number;
  readonly #options: DeliveryOptions;
  /** By id: the publishing of a message, under way or done, until it is forgotten, and what it will refuse. */
  readonly #published = new Map<string, Promise<Refusals>>();
  readonly #waiting: Waiting;

  constructor(term: number, options: DeliveryOptions) {
    this.term = term;
    this.#options = options;
    this.#waiting = new Waiting(options.latenessOf);
  }

  /** How many messages wait here that the broker would not take. */
  get refusedCount(): number {
    return this.#waiting.size;
  }

  /**
   * Publishes messages that the broker does not have yet, and forgets all that it has. `current` is
   * `false` when another term has begun meanwhile. Rejects when it cannot be known what the broker has.
   */
  async deliver(
    kept: readonly OutboxMessage[],
  ): Promise<{ readonly refused: readonly Refusal[]; readonly current: boolean }> {
    const fresh = kept.filter(({ id }) => !this.#published.has(id));
    if (fresh.length > 0) {
      const publishing = this.#publish(fresh);
      for (const { id } of fresh) this.#published.set(id, publishing);
    }
    const answers = new Set(kept.flatMap(({ id }) => this.#published.get(id) ?? []));
    const refusals = new Map((await Promise.all(answers)).flatMap((refused) => [...refused]));

    const refused = kept.flatMap(({ id }) => refusals.get(id) ?? []);
    const taken = kept.map(({ id }) => id).filter((id) => !refusals.has(id));
    const { clock } = this.#options;
    const late = this.#waiting.dropBefore(kept, clock.now(), this.#isUnderWay);
    const current = await this.#forget(taken, late);
    for (const id of taken) this.#published.delete(id);
    return { refused, current };
  }

  /**
   * Delivers all that is kept, oldest first, until a stop. `false` when another term has begun meanwhile.
   */
  async drain(stop?: AbortSignal): Promise<boolean> {
    const { outbox } = this.#options;
    // To forget nothing shows whether messages can be forgotten: each term would publish anew what cannot.
    const some = (await outbox.pending(1, '')).length > 0;
    if (some && !(await outbox.remove(this.term, []))) return false;
    return this.#deliverWhere(() => true, stop);
  }

  /**
   * Tries again what was refused and is still owed, and forgets what was taken in a try before that could
   * not forget it. `false` when another term has begun.
   */
  async retry(stop?: AbortSignal): Promise<boolean> {
    const { outbox, clock } = this.#options;
    // To forget nothing tells whether the term goes on: unlike a commit, a retry follows no keep.
    if (!(await outbox.remove(this.term, []))) return false;
    if (!(await this.#forget([], this.#waiting.dropLate(clock.now(), this.#isUnderWay))))
      return false;
    return this.#deliverWhere(({ id }) => this.#waiting.has(id) || this.#published.has(id), stop);
  }

  async #deliverWhere(
    wanted: (kept: OutboxMessage) => boolean,
    stop: AbortSignal | undefined,
  ): Promise<boolean> {
    for (let after = ''; !stop?.aborted;) {
      const page = await this.#options.outbox.pending(BITE, after);
      const current = await this.#deliverLate(page.filter(wanted));
      this.#options.reports.progressed();
      const last = page.at(-1);
      if (!current || !last) return current;
      after = last.id;
    }
    return true;
  }

  /** Tells what became of messages that were kept for longer than their commit took. */
  async #deliverLate(kept: readonly OutboxMessage[]): Promise<boolean> {
    const { outbox, clock, reports } = this.#options;
    const now = clock.now();
    const expired = kept.filter(({ id, message }) => {
      return !this.#published.has(id) && isExpired(message, now);
    });
    const alive = kept.filter((each) => !expired.includes(each));
    const fresh = alive.filter(({ id }) => !this.#published.has(id));
    const { current, refused: refusals } = await this.deliver(alive);
    const messages = new Set(refusals.map(({ message }) => message));
    const delivered = fresh.filter(({ message }) => !messages.has(message));
    if (delivered.length > 0) reports.delivered(delivered);
    if (!current || expired.length === 0) return current;
    const ids = expired.map(({ id }) => id);
    if (!(await outbox.remove(this.term, ids))) return false;
    for (const each of expired) this.#waiting.delete(each);
    reports.skipped(expired, 'expired');
    return true;
  }

  /** What is tried just now may be taken. */
  readonly #isUnderWay = (id: string): boolean => this.#published.has(id);

  /** Forgets messages that were taken, and such as are owed no more. `false` when another term has begun. */
  async #forget(taken: readonly string[], late: readonly Dropped[]): Promise<boolean> {
    const ids = [...taken, ...late.map(({ kept }) => kept.id)];
    if (ids.length === 0) return true;
    const { outbox, reports } = this.#options;
    try {
      if (!(await outbox.remove(this.term, ids))) return false;
    } catch (error) {
      for (const { kept, refusal } of late) this.#waiting.add(kept, refusal);
      throw error;
    }
    for (const [reason, each] of Map.groupBy(late, (dropped) => dropped.reason)) {
      reports.skipped(
        each.map(({ kept }) => kept),
        reason,
      );
    }
    return true;
  }

  /** Resolves when the broker has answered for each; what it refused is noted, and may be tried again. */
  async #publish(fresh: readonly OutboxMessage[]): Promise<Refusals> {
    const reasons = new Map<unknown, Refusal>();
    try {
      const refusals = await this.#options.broker.publish(fresh.map(({ message }) => message));
      for (const refusal of refusals) reasons.set(refusal.message, refusal);
    } catch (error) {
      for (const { id } of fresh) this.#published.delete(id);
      throw error;
    }
    const refused = new Map<string, Refusal>();
    for (const kept of fresh) {
      const refusal = reasons.get(kept.message);
      if (!refusal) {
        this.#waiting.delete(kept);
        continue;
      }
      refused.set(kept.id, refusal);
      this.#waiting.add(kept, refusal);
      this.#published.delete(kept.id);
    }
    return refused;
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
