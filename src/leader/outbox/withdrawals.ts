import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { WithdrawnRun } from '../../contracts/events/beat-events.ts';
import type { OutboxMessage } from '../../contracts/store/outbox.ts';

/** A message that is removed from the outbox without being published. */
export interface SkippedMessage {
  readonly message: OutboxMessage;
  readonly reason: SkipReason;
}

/** A run without any published message; this message is the last to be removed. */
export interface Withdrawal extends SkippedMessage {
  readonly run: WithdrawnRun;
}

/**
 * Finds the runs that are withdrawn in a term. A workflow is withdrawn only when all its messages are removed, at once
 * or one by one: workers may run the messages that are left.
 */
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
