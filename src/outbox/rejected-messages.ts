import type { Rejection as Refusal } from '../broker/broker.ts';
import { verdictOf, type LatenessOf, type SkipReason } from '../catalog/catch-up.ts';
import type { OutboxMessage } from '../store/outbox.ts';

/** A message that waits no longer, and why. */
export interface Dropped {
  readonly kept: OutboxMessage;
  readonly refusal: Refusal;
  readonly reason: SkipReason;
}

/**
 * The kept messages that the broker would not take. They are owed as a missed run is: what an entry's
 * policy would not make up for is dropped, so that a queue that appears is not flooded with what is stale.
 */
export class Waiting {
  readonly #latenessOf: LatenessOf;
  readonly #refusals = new Map<string, Refusal>();
  /** By entry and id. */
  readonly #entries = new Map<string, Map<string, OutboxMessage>>();

  constructor(latenessOf: LatenessOf) {
    this.#latenessOf = latenessOf;
  }

  get size(): number {
    return this.#refusals.size;
  }

  has(id: string): boolean {
    return this.#refusals.has(id);
  }

  add(kept: OutboxMessage, refusal: Refusal): void {
    const { entry } = kept.run;
    const messages = this.#entries.get(entry) ?? new Map<string, OutboxMessage>();
    this.#entries.set(entry, messages.set(kept.id, kept));
    this.#refusals.set(kept.id, refusal);
  }

  delete(kept: OutboxMessage): void {
    if (!this.#refusals.delete(kept.id)) return;
    const { entry } = kept.run;
    const messages = this.#entries.get(entry);
    messages?.delete(kept.id);
    if (messages?.size === 0) this.#entries.delete(entry);
  }

  /** Takes out what is owed no more at `now`, but for what `isUnderWay`. Of all entries. */
  dropLate(now: number, isUnderWay: (id: string) => boolean): Dropped[] {
    return [...this.#entries.keys()].flatMap((entry) => this.#drop(entry, now, isUnderWay));
  }

  /** The same, of entries that these runs are of, which stand for older ones whatever became of them. */
  dropBefore(
    runs: readonly OutboxMessage[],
    now: number,
    isUnderWay: (id: string) => boolean,
  ): Dropped[] {
    if (this.size === 0) return [];
    const newest = new Map<string, number>();
    for (const { run } of runs) {
      const { entry, dueAt } = run;
      newest.set(entry, Math.max(dueAt, newest.get(entry) ?? -Infinity));
    }
    return [...newest].flatMap(([entry, at]) => this.#drop(entry, now, isUnderWay, at));
  }

  #drop(
    entry: string,
    now: number,
    isUnderWay: (id: string) => boolean,
    newest = -Infinity,
  ): Dropped[] {
    const messages = [...(this.#entries.get(entry)?.values() ?? [])];
    const instants = messages.map(({ run }) => run.dueAt);
    const verdict = verdictOf(this.#latenessOf(entry), [...instants, newest], now);
    return messages.flatMap((kept, i) => {
      const reason = verdict(instants[i]!);
      const refusal = this.#refusals.get(kept.id);
      if (reason === null || !refusal || isUnderWay(kept.id)) return [];
      this.delete(kept);
      return [{ kept, refusal, reason }];
    });
  }
}
