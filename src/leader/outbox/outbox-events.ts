import type { OutboxEvent } from '../../contracts/events/beat-events.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { RelayReports } from './term-publisher.ts';
import { formatDestination } from '../../celery/message/destination.ts';
import type { Liveness } from '../../observe/liveness.ts';

/** The number of delayed messages that causes a warning; ten times as many cause another. */
const MANY = 100;

/** Emits what the relay reports about messages that were delayed in the outbox. */
export function emitOutboxEvents(events: Events, liveness: Liveness): RelayReports {
  let last: OutboxEvent = { waiting: 0, oldest: null };
  return {
    progressed: () => liveness.touch(),
    delivered: (messages) => {
      for (const { message, run } of messages) {
        const { taskId, destination, headers, about = headers } = message;
        const name = about['task'];
        const task = typeof name === 'string' ? name : '';
        const to = formatDestination(destination);
        const { entry, dueAt, cause } = run;
        events.emit('delivered', { entry, dueAt, cause, task, taskId, to, message });
        events.reportRecovery({ kind: 'publish', entry, target: to });
      }
    },
    skipped: (messages, reason, withdrawals) => {
      for (const [entry, each] of Map.groupBy(messages, ({ run }) => run.entry)) {
        const instants = [...new Set(each.map(({ run }) => run.dueAt))].toSorted((a, b) => a - b);
        const [first, last] = [instants[0]!, instants.at(-1)!];
        const own = withdrawals.filter(({ message }) => message.run.entry === entry);
        const withdrawn = own.map(({ run }) => run);
        events.emit('skipped', { entry, reason, first, last, count: instants.length, withdrawn });
      }
    },
    waiting: (count, oldest) => {
      if (count !== last.waiting || oldest !== last.oldest) {
        last = { waiting: count, oldest };
        events.emit('outbox', last);
      }
      if (count === 0) events.warn('outbox', null);
      if (count < MANY) return;
      const many = MANY * 10 ** Math.floor(Math.log10(count / MANY));
      const text = `Outbox: ${many} or more messages are delayed because the broker rejects them; retrying`;
      events.warn('outbox', text);
    },
    unreadable: (count, first) => {
      const named = first.map(({ repair }) => repair).join('; ') + (count > first.length ? '; …' : '');
      const text = `Outbox: unreadable messages are not published and block no others: ${count}; remove with: ${named}`;
      events.warn('unreadable-messages', count === 0 ? null : text);
    },
  };
}
