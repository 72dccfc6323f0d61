import type { Broker, Rejection } from '../../contracts/broker/broker.ts';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { WithdrawnRun } from '../../contracts/events/beat-events.ts';
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
  | { readonly kind: 'rejected' }
  /** Not published any more, and still to be removed from the outbox. */
  | { readonly kind: 'skipped'; readonly reason: SkipReason };

const PENDING: MessageState = { kind: 'pending' };

/** Tracks the states of the messages in the outbox, by entry, and sends messages to the broker. */
export class MessageStates {
  readonly #entries = new Map<string, Map<string, readonly [OutboxMessage, MessageState]>>();

  get({ id, run }: OutboxMessage): MessageState {
    return this.#entries.get(run.entry)?.get(id)?.[1] ?? PENDING;
  }

  set(message: OutboxMessage, state: MessageState): void {
    const { entry } = message.run;
    const messages = this.#entries.get(entry) ?? new Map<string, never>();
    this.#entries.set(entry, messages.set(message.id, [message, state]));
  }

  delete({ id, run }: OutboxMessage): void {
    const messages = this.#entries.get(run.entry);
    messages?.delete(id);
    if (messages?.size === 0) this.#entries.delete(run.entry);
  }

  /** The entries that have messages whose state was set. */
  get entries(): readonly string[] {
    return [...this.#entries.keys()];
  }

  select(entry: string, ...kinds: readonly MessageState['kind'][]): readonly OutboxMessage[] {
    const messages = [...(this.#entries.get(entry)?.values() ?? [])];
    return messages.flatMap(([message, { kind }]) => (kinds.includes(kind) ? [message] : []));
  }

  /** Selects the messages that the broker may be asked to publish: new, rejected before, or without an answer. */
  selectUnsent(messages: readonly OutboxMessage[]): readonly OutboxMessage[] {
    return messages.filter((message) => {
      const { kind } = this.get(message);
      return kind === 'pending' || kind === 'rejected';
    });
  }

  /** Sends unsent messages, and resolves with the rejections. Rejects if some got no answer: they are unsent again. */
  async send(broker: Broker, messages: readonly OutboxMessage[]): Promise<Rejections> {
    const unsent = this.selectUnsent(messages);
    if (unsent.length > 0) this.#startSending(broker, unsent);
    const answers = new Set<Promise<Rejections>>();
    for (const message of messages) {
      const state = this.get(message);
      if (state.kind === 'publishing') answers.add(state.answer);
    }
    const rejections = new Map((await Promise.all(answers)).flatMap((each) => [...each]));
    const ids = new Set(messages.map(({ id }) => id));
    return new Map([...rejections].filter(([id]) => ids.has(id)));
  }

  #startSending(broker: Broker, messages: readonly OutboxMessage[]): void {
    const before = messages.map((message) => this.get(message));
    const answer = broker.publish(messages.map(({ message }) => message)).then(
      (rejected) => {
        const byMessage = new Map(rejected.map((each) => [each.message, each]));
        const rejections = new Map();
        for (const message of messages) {
          const rejection = byMessage.get(message.message);
          this.set(message, { kind: rejection ? 'rejected' : 'confirmed' });
          if (rejection) rejections.set(message.id, rejection);
        }
        return rejections;
      },
      (error: unknown) => {
        for (const [i, message] of messages.entries()) this.set(message, before[i]!);
        throw error;
      },
    );
    for (const message of messages) this.set(message, { kind: 'publishing', answer });
  }
}

/** A message that is removed from the outbox without being published. */
export interface SkippedMessage {
  readonly message: OutboxMessage;
  readonly reason: SkipReason;
}

/** A run without any published message; this message is the last to be removed. */
export interface Withdrawal extends SkippedMessage {
  readonly run: WithdrawnRun;
}

/** Finds the runs that a term withdraws. Workers may run a workflow until all its messages are removed. */
export class Withdrawals {
  readonly #term: number;
  /** The ids of removed messages, by run, of workflows with other messages left. */
  readonly #parts = new Map<string, Set<string>>();

  constructor(term: number) {
    this.#term = term;
  }

  /** The runs that the removal of these messages withdraws. */
  find(skipped: readonly SkippedMessage[]): readonly Withdrawal[] {
    return [...Map.groupBy(skipped, ({ message }) => keyOf(message))].flatMap(([key, own]) => {
      const last = own.at(-1)!;
      const { dueAt, workflow } = last.message.run;
      const { taskId, messages } = workflow ?? { taskId: last.message.message.taskId, messages: 1 };
      const removed = new Set(own.map(({ message }) => message.id));
      for (const id of this.#parts.get(key) ?? []) removed.add(id);
      return removed.size < messages ? [] : { ...last, run: { taskId, dueAt, term: this.#term } };
    });
  }

  /** Called after these messages were removed. */
  removed(skipped: readonly SkippedMessage[]): void {
    const complete = new Set(this.find(skipped).map(({ message }) => keyOf(message)));
    for (const { message } of skipped) {
      const key = keyOf(message);
      if (complete.has(key)) this.#parts.delete(key);
      else this.#parts.set(key, (this.#parts.get(key) ?? new Set()).add(message.id));
    }
  }
}

/** A key that all messages of one run share. Several runs may have one task id. */
function keyOf({ run: { entry, dueAt, workflow }, message: { taskId } }: OutboxMessage): string {
  return `${workflow?.taskId ?? taskId} ${dueAt} ${entry}`;
}
