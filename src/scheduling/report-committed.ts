import type { SentEvent } from '../events/beat-events.ts';
import type { Events } from '../events/events.ts';
import type { Operation } from '../events/operation.ts';
import { formatDestination } from '../message/destination.ts';
import type { UnpublishedMessage } from '../store/commit.ts';
import { StoreError } from '../util/errors.ts';
import type { PlannedChange } from '../planning/planned-change.ts';

/**
 * Emits the events of a committed change, and returns how many of its runs were sent. A run with a rejected
 * message is not sent yet, because the message waits in the outbox; one without subscribers is skipped.
 */
export function reportCommitted(
  { entry: { name }, sent, skipped }: PlannedChange,
  unpublished: readonly UnpublishedMessage[],
  events: Events,
): number {
  for (const skip of skipped) events.emit('skipped', { entry: name, ...skip });
  let count = 0;
  for (const run of sent) {
    const own = unpublished.filter(({ message }) => run.messages.includes(message));
    const rejected = own.find(({ kind }) => kind === 'rejected');
    if (rejected) reportRejected(run, rejected, events);
    else if (reportPublished(run, own, events)) count++;
  }
  return count;
}

function reportRejected(
  { entry }: SentEvent,
  { message, reason }: UnpublishedMessage,
  events: Events,
): void {
  const what = `entry "${entry}", task ${message.taskId}`;
  const text = `${what}: ${reason}; the message stays in the outbox and is retried`;
  events.reportFailure(
    publishing(entry, formatDestination(message.destination)),
    new StoreError(text),
  );
}

/** Returns whether any of the messages had a subscriber. */
function reportPublished(
  run: SentEvent,
  dropped: readonly UnpublishedMessage[],
  events: Events,
): boolean {
  const { entry, messages, dueAt, taskId, term } = run;
  const reasons = reasonsByTarget(dropped);
  for (const [target, reason] of reasons) {
    const text = `entry "${entry}": message dropped: ${reason}`;
    events.reportFailure(publishing(entry, target), new StoreError(text));
  }
  let published = 0;
  for (const { destination } of messages) {
    const target = formatDestination(destination);
    if (reasons.has(target)) continue;
    events.reportRecovery(publishing(entry, target));
    published++;
  }
  events.reportRecovery({ kind: 'prepare', entry });
  events.reportRecovery({ kind: 'commit-entry', entry });
  if (published > 0 || reasons.size === 0) {
    events.emit('sent', run);
    return true;
  }
  const skip = { first: dueAt, last: dueAt, count: 1, withdrawn: [{ taskId, dueAt, term }] };
  events.emit('skipped', { entry, reason: 'no-subscribers', ...skip });
  return false;
}

const NONE: ReadonlyMap<string, string> = new Map();

function reasonsByTarget(dropped: readonly UnpublishedMessage[]): ReadonlyMap<string, string> {
  if (dropped.length === 0) return NONE;
  return new Map(
    dropped.map(({ message, reason }) => [formatDestination(message.destination), reason]),
  );
}

function publishing(entry: string, target: string): Operation {
  return { kind: 'publish', entry, target };
}
