import type { Rejection } from '../../contracts/broker/broker.ts';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { OutboxMessage } from '../../contracts/store/outbox.ts';

/** By the id of the message. */
export type Rejections = ReadonlyMap<string, Rejection>;

/** What a term knows about a message in the outbox. Once the message is removed from the outbox, it has no state. */
export type MessageState =
  /** To be published: new, or left behind by an earlier term or by an attempt without an answer. */
  | { readonly kind: 'pending' }
  /** Sent to the broker. `answer` has the rejections of all messages that were sent together. */
  | { readonly kind: 'publishing'; readonly answer: Promise<Rejections> }
  /** In its queue, and still to be removed from the outbox. */
  | { readonly kind: 'confirmed' }
  /** Rejected by the broker; retried later. */
  | { readonly kind: 'rejected' }
  /** Not published any more, and still to be removed from the outbox. */
  | { readonly kind: 'skipped'; readonly reason: SkipReason };

const PENDING: MessageState = { kind: 'pending' };

/** The states of the messages in the outbox, by entry. */
export class MessageStates {
  readonly #entries = new Map<string, Map<string, readonly [OutboxMessage, MessageState]>>();

  get({ id, run }: OutboxMessage): MessageState {
    return this.#entries.get(run.entry)?.get(id)?.[1] ?? PENDING;
  }

  set(message: OutboxMessage, state: MessageState): void {
    if (state.kind === 'pending') {
      this.delete(message);
      return;
    }
    const { entry } = message.run;
    const messages = this.#entries.get(entry) ?? new Map<string, never>();
    this.#entries.set(entry, messages.set(message.id, [message, state]));
  }

  delete({ id, run }: OutboxMessage): void {
    const messages = this.#entries.get(run.entry);
    messages?.delete(id);
    if (messages?.size === 0) this.#entries.delete(run.entry);
  }

  /** The entries that have messages which are not `pending`. */
  get entries(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The messages of an entry that are of one of these kinds. */
  select(entry: string, ...kinds: readonly MessageState['kind'][]): readonly OutboxMessage[] {
    const messages = [...(this.#entries.get(entry)?.values() ?? [])];
    return messages.flatMap(([message, { kind }]) => (kinds.includes(kind) ? [message] : []));
  }

  /** The oldest `dueAt` of the messages of these kinds, epoch milliseconds; `null` if there is none. */
  oldest(...kinds: readonly MessageState['kind'][]): number | null {
    let oldest: number | null = null;
    for (const entry of this.#entries.keys()) {
      for (const { run } of this.select(entry, ...kinds)) {
        oldest = Math.min(oldest ?? run.dueAt, run.dueAt);
      }
    }
    return oldest;
  }

  /** The number of messages of these kinds. */
  count(...kinds: readonly MessageState['kind'][]): number {
    let count = 0;
    for (const messages of this.#entries.values()) {
      for (const [, { kind }] of messages.values()) if (kinds.includes(kind)) count++;
    }
    return count;
  }
}
