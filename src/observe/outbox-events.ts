import type { Events } from '../events/events.ts';
import type { OutboxReports } from '../outbox/reports.ts';
import { formatDestination } from '../message/destination.ts';
import type { Progress } from './progress.ts';

/** So many waiting messages are worth a word beyond the fault of each; ten times as many another. */
const MANY = 100;

/** Makes events of what becomes of messages that had to wait in the outbox. */
export function tellOfOutbox(events: Events, progress: Progress): OutboxReports {
  return {
    progressed: () => {
      progress.made();
    },
    delivered: (kept) => {
      for (const each of kept) {
        const { message, run } = each;
        const { taskId, destination, headers, about = headers } = message;
        const name = about['task'];
        const task = typeof name === 'string' ? name : '';
        const to = formatDestination(destination);
        const { entry, dueAt, cause } = run;
        events.emit('delivered', { entry, dueAt, cause, task, taskId, to, message });
        events.reportRecovery({ kind: 'publish', entry, target: to });
      }
    },
    skipped: (kept, reason) => {
      const runs = kept.map(({ run }) => run);
      for (const [entry, each] of Map.groupBy(runs, (run) => run.entry)) {
        const instants = [...new Set(each.map(({ dueAt }) => dueAt))].toSorted((a, b) => a - b);
        const [first, last] = [instants[0]!, instants.at(-1)!];
        events.emit('skipped', { entry, reason, first, last, count: instants.length });
      }
    },
    waiting: (count) => {
      if (count === 0) events.warn('outbox', null);
      if (count < MANY) return;
      const many = MANY * 10 ** Math.floor(Math.log10(count / MANY));
      const text = `${many} messages or more wait in the outbox, for queues that do not take them`;
      events.warn('outbox', text);
    },
  };
}
