import type { Broker } from '../contracts/broker/broker.ts';
import type { Events } from '../contracts/events/events.ts';
import type { Message } from '../celery/message/message.ts';
import { buildTaskSent, type SentTask, type TaskEventSettings } from '../celery/message/task-sent.ts';
import type { Clock } from '../util/clock.ts';

const BATCH = 1_000;

/** The most events that wait for the publish before them; more are dropped. */
const MAX_PENDING = 50_000;

const OPERATION = { kind: 'task-events' } as const;

export interface TaskEventOptions {
  /** Returns the settings in force; `null` while task events are disabled. */
  readonly settings: () => TaskEventSettings | null;
  /** `gen<pid>@<host>`, as Celery's producers name themselves. */
  readonly origin: string;
  readonly clock: Clock;
}

/**
 * Publishes a `task-sent` event for every task that beat sends, if task events are enabled. Events never delay a tick:
 * events that cannot be published are dropped, and one failure reports their number. `flush` resolves when the events
 * of all tasks sent so far are published or dropped, and never rejects.
 */
export function publishTaskEvents(
  events: Events,
  broker: Broker,
  { settings, origin, clock }: TaskEventOptions,
): { flush(): Promise<void> } {
  const pending: SentTask[] = [];
  let overflow = 0;
  /** The logical clock of the events. */
  let ticks = 0;
  let publishing: Promise<void> | null = null;

  const reportDropped = (count: number, cause: Error) => {
    const what = count === 1 ? '1 event was dropped' : `${count} events were dropped`;
    events.reportFailure(OPERATION, new Error(`${what}: ${cause.message}`, { cause }));
  };
  const publish = async () => {
    // A commit emits the events of all its runs synchronously: one batch carries them.
    await Promise.resolve();
    while (pending.length > 0) {
      const batch = pending.splice(0, BATCH);
      const current = settings();
      if (!current) continue;
      try {
        await broker.announce(batch.map((sent) => buildTaskSent(sent, { ...current, origin })));
        events.reportRecovery(OPERATION);
      } catch (error) {
        // The broker would fail for the pending events too, each after its timeout.
        reportDropped(batch.length + pending.splice(0).length, error as Error);
      }
      // A burst is reported once, not at each batch.
      if (overflow > 0 && (pending.length === 0 || overflow >= MAX_PENDING)) {
        const count = overflow;
        overflow = 0;
        reportDropped(count, new Error('the broker is slower than beat sends'));
      }
    }
    publishing = null;
  };
  const add = (messages: readonly Message[], sentAt: number) => {
    if (!settings()) return;
    const utcoffset = new Date(sentAt).getTimezoneOffset() / 60;
    for (const message of messages) {
      if (pending.length >= MAX_PENDING) overflow += 1;
      else pending.push({ message, sentAt, utcoffset, clock: ++ticks });
    }
    publishing ??= publish();
  };
  events.on('sent', ({ messages, sentAt }) => add(messages, sentAt));
  events.on('delivered', ({ message }) => add([message], clock.now()));
  return {
    async flush() {
      await publishing;
    },
  };
}
