import type { Broker } from '../contracts/broker/broker.ts';
import type { Events } from '../contracts/events/events.ts';
import type { Message } from '../celery/message/message.ts';
import {
  buildTaskSent,
  type SentTask,
  type TaskEventSettings,
  type TaskEventSource,
} from '../celery/message/task-sent.ts';
import type { Clock } from '../util/clock.ts';

/** The most events that one publish contains. */
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

export interface TaskEventPublisher {
  /** Resolves when the events of all tasks sent so far are published or dropped. Never rejects. */
  flush(): Promise<void>;
}

/**
 * Publishes a `task-sent` event for every task that beat sends, if task events are enabled. Events never delay a tick:
 * events that cannot be published are dropped, and one failure reports their number.
 */
export function publishTaskEvents(
  events: Events,
  broker: Broker,
  { settings, origin, clock }: TaskEventOptions,
): TaskEventPublisher {
  const publisher = new BatchPublisher(events, broker, () => {
    const current = settings();
    return current && { ...current, origin };
  });
  events.on('sent', ({ messages, sentAt }) => publisher.add(messages, sentAt));
  events.on('delivered', ({ message }) => publisher.add([message], clock.now()));
  return publisher;
}

class BatchPublisher implements TaskEventPublisher {
  readonly #events: Events;
  readonly #broker: Broker;
  readonly #source: () => TaskEventSource | null;
  readonly #pending: SentTask[] = [];
  #overflow = 0;
  /** The logical clock of the events. */
  #clock = 0;
  #publishing: Promise<void> | null = null;

  constructor(events: Events, broker: Broker, source: () => TaskEventSource | null) {
    this.#events = events;
    this.#broker = broker;
    this.#source = source;
  }

  add(messages: readonly Message[], sentAt: number): void {
    if (!this.#source()) return;
    const utcoffset = new Date(sentAt).getTimezoneOffset() / 60;
    for (const message of messages) {
      if (this.#pending.length >= MAX_PENDING) this.#overflow += 1;
      else this.#pending.push({ message, sentAt, utcoffset, clock: ++this.#clock });
    }
    this.#publishing ??= this.#publish();
  }

  async flush(): Promise<void> {
    await this.#publishing;
  }

  async #publish(): Promise<void> {
    // A commit emits the events of all its runs synchronously: one batch carries them.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, BATCH);
      const source = this.#source();
      if (!source) continue;
      try {
        await this.#broker.announce(batch.map((sent) => buildTaskSent(sent, source)));
        this.#events.reportRecovery(OPERATION);
      } catch (error) {
        // The broker would fail for the pending events too, each after its timeout.
        this.#reportDropped(batch.length + this.#pending.splice(0).length, error as Error);
      }
      if (this.#pending.length === 0 || this.#overflow >= MAX_PENDING) this.#reportOverflow();
    }
    this.#publishing = null;
  }

  /** Reports a burst once, not at each batch. */
  #reportOverflow(): void {
    const count = this.#overflow;
    this.#overflow = 0;
    if (count > 0) this.#reportDropped(count, new Error('the broker is slower than beat sends'));
  }

  #reportDropped(count: number, cause: Error): void {
    const what = count === 1 ? '1 event was dropped' : `${count} events were dropped`;
    this.#events.reportFailure(OPERATION, new Error(`${what}: ${cause.message}`, { cause }));
  }
}
