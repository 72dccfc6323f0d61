import type { SentEvent, Operation } from '../../contracts/events/beat-events.ts';
import type { Events } from '../../contracts/events/events.ts';
import { formatDestination } from '../../celery/message/destination.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Change, UnpublishedMessage } from '../../contracts/store/commit.ts';
import type { RunRow } from '../../contracts/store/history.ts';
import { StoreError } from '../../util/errors.ts';

/**
 * Emits the events of a committed change, and returns how many of its runs were sent. A run with a rejected message is
 * not sent yet, because the message waits in the outbox; a run without subscribers is skipped.
 */
export function reportCommitted(
  { entry, messages, history = [] }: Change,
  unpublished: readonly UnpublishedMessage[],
  events: Events,
): number {
  let sent = 0;
  let next = 0;
  for (const row of history) {
    if (row.kind === 'skip') {
      const { reason, first, last, count } = row;
      events.emit('skipped', { entry, reason, first, last, count });
    }
    if (row.kind !== 'run') continue;
    const begin = next;
    while (messages[next]?.run?.dueAt === row.dueAt) next++;
    const isOnly = begin === 0 && next === messages.length;
    const run = toSent(entry, row, isOnly ? messages : messages.slice(begin, next));
    const own = isOnly ? unpublished : unpublished.filter(({ message }) => run.messages.includes(message));
    const rejected = own.find(({ kind }) => kind === 'rejected');
    if (rejected) reportRejected(run, rejected, events);
    else if (reportPublished(run, own, events)) sent++;
  }
  return sent;
}

function toSent(entry: string, row: RunRow, messages: readonly Message[]): SentEvent {
  const { task, taskId, queue, dueAt, cause, sentAt, term } = row;
  return { entry, task, taskId, queue, dueAt, cause, sentAt, term, messages };
}

function reportRejected({ entry }: SentEvent, { message, reason }: UnpublishedMessage, events: Events): void {
  const text = `entry "${entry}", task ${message.taskId}: ${reason}; the message stays in the outbox and is retried`;
  events.reportFailure(publishing(entry, formatDestination(message.destination)), new StoreError(text));
}

/** Returns whether any of the messages had a subscriber. */
function reportPublished(run: SentEvent, dropped: readonly UnpublishedMessage[], events: Events): boolean {
  const { entry, messages, dueAt, taskId, term } = run;
  if (dropped.length === 0 && !events.hasFailure) {
    events.emit('sent', run);
    return true;
  }
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
  if (published > 0 || reasons.size === 0) {
    events.emit('sent', run);
    return true;
  }
  const skip = { first: dueAt, last: dueAt, count: 1, withdrawn: [{ taskId, dueAt, term }] };
  events.emit('skipped', { entry, reason: 'no-subscribers', ...skip });
  return false;
}

function reasonsByTarget(dropped: readonly UnpublishedMessage[]): ReadonlyMap<string, string> {
  return new Map(dropped.map(({ message, reason }) => [formatDestination(message.destination), reason]));
}

function publishing(entry: string, target: string): Operation {
  return { kind: 'publish', entry, target };
}
