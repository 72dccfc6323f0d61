import type { Events } from '../events/events.ts';
import type { Operation } from '../events/operation.ts';
import { formatDestination } from '../message/destination.ts';
import type { UnpublishedMessage } from '../store/commit.ts';
import { StoreError } from '../util/errors.ts';
import type { PlannedChange } from './planned-change.ts';

/**
 * Emits the events of a committed change, and returns how many of its runs were sent. A run with a rejected
 * message is not sent yet, because the message waits in the outbox; one without subscribers is skipped.
 */
export function reportCommitted(
  { entry, sent, skipped }: PlannedChange,
  unpublished: readonly UnpublishedMessage[],
  events: Events,
): number {
  const { name } = entry;
  for (const skip of skipped) events.emit('skipped', { entry: name, ...skip });
  let count = 0;
  for (const run of sent) {
    const { messages, dueAt } = run;
    const own = unpublished.filter(({ message }) => messages.includes(message));
    const rejected = own.find(({ kind }) => kind === 'rejected');
    if (rejected) {
      const { message, reason } = rejected;
      const what = `entry "${name}", task ${message.taskId}`;
      const text = `${what}: ${reason}; the message stays in the outbox and is retried`;
      events.reportFailure(
        publishing(name, formatDestination(message.destination)),
        new StoreError(text),
      );
      continue;
    }
    const lost = new Map(
      own.map(({ message, reason }) => [formatDestination(message.destination), reason]),
    );
    for (const [target, reason] of lost) {
      const text = `entry "${name}": message dropped: ${reason}`;
      events.reportFailure(publishing(name, target), new StoreError(text));
    }
    const targets = new Set(messages.map(({ destination }) => formatDestination(destination)));
    const published = targets.difference(lost);
    for (const target of published) events.reportRecovery(publishing(name, target));
    events.reportRecovery({ kind: 'prepare', entry: name });
    events.reportRecovery({ kind: 'commit-entry', entry: name });
    if (lost.size > 0 && published.size === 0) {
      const skip = { first: dueAt, last: dueAt, count: 1 };
      events.emit('skipped', { entry: name, reason: 'no-subscribers', ...skip });
      continue;
    }
    events.emit('sent', run);
    count++;
  }
  return count;
}

function publishing(entry: string, target: string): Operation {
  return { kind: 'publish', entry, target };
}
