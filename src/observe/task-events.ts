import type { Broker } from '../broker/broker.ts';
import type { Clock } from '../util/clock.ts';
import type { TaskEventSettings } from '../message/task-sent.ts';
import type { Events } from '../events/events.ts';
import type { Message } from '../message/message.ts';
import { buildTaskSent, type TaskEventSource, type SentTask } from '../message/task-sent.ts';

/** Messages that one publish carries. */
const BATCH = 1_000;

/** Tasks that wait to be told of while a publish is on its way; what comes on top is not told. */
const LONGEST_WAIT = 50_000;

const OPERATION = { kind: 'task-events' } as const;

export interface TellerOptions {
  readonly taskEvents: TaskEventSettings | null;
  /** `gen<pid>@<host>`, as Celery's producers call themselves. */
  readonly origin: string;
  readonly clock: Clock;
}

/** What is asked for at the end: that what is on its way arrives. */
export interface Teller {
  /** Resolves once everything sent so far was told, or could not be. Never rejects. */
  told(): Promise<void>;
}

/**
 * Publishes an event for every task that is sent from now on, where the settings ask for it. Events come
 * after their task and take no part in a tick: what cannot be published is one fault that says how many
 * events were lost. They are not tried again, since an event that comes late tells less than none.
 */
export function tellOfTasks(
  events: Events,
  broker: Broker,
  { taskEvents, origin, clock }: TellerOptions,
): Teller {
  if (!taskEvents) return { told: async () => {} };
  const teller = new TaskTeller(events, broker, { ...taskEvents, origin });
  events.on('sent', ({ messages, sentAt }) => teller.sent(messages, sentAt));
  // What had to wait in the outbox is told of when it is in its queue, like everything else.
  events.on('delivered', ({ message }) => teller.sent([message], clock.now()));
  return teller;
}

class TaskTeller implements Teller {
  readonly #events: Events;
  readonly #broker: Broker;
  readonly #announcer: TaskEventSource;
  readonly #waiting: SentTask[] = [];
  #overflow = 0;
  #clock = 0;
  #publishing: Promise<void> | null = null;

  constructor(events: Events, broker: Broker, announcer: TaskEventSource) {
    this.#events = events;
    this.#broker = broker;
    this.#announcer = announcer;
  }

  sent(messages: readonly Message[], sentAt: number): void {
    const utcoffset = new Date(sentAt).getTimezoneOffset() / 60;
    for (const message of messages) {
      if (this.#waiting.length >= LONGEST_WAIT) this.#overflow += 1;
      else this.#waiting.push({ message, sentAt, utcoffset, clock: ++this.#clock });
    }
    this.#publishing ??= this.#publish();
  }

  async told(): Promise<void> {
    await this.#publishing;
  }

  async #publish(): Promise<void> {
    // A commit tells of all its runs in one go: they are gathered before anything is published.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        await this.#broker.announce(batch.map((sent) => buildTaskSent(sent, this.#announcer)));
        this.#events.reportRecovery(OPERATION);
      } catch (error) {
        // A broker that failed would fail again, for as long as it is waited for.
        this.#lost(batch.length + this.#waiting.splice(0).length, error as Error);
      }
      if (this.#waiting.length === 0 || this.#overflow >= LONGEST_WAIT) this.#tellOverflow();
    }
    // At once: what is sent from here on begins anew, and does not wait for somebody who has left.
    this.#publishing = null;
  }

  /** Once for all that a burst was too much by, not at every batch. */
  #tellOverflow(): void {
    const count = this.#overflow;
    this.#overflow = 0;
    if (count > 0) this.#lost(count, new Error('they come faster than the broker takes them'));
  }

  #lost(count: number, cause: Error): void {
    const what = count === 1 ? 'one event is lost' : `${count} events are lost`;
    this.#events.reportFailure(OPERATION, new Error(`${what}: ${cause.message}`, { cause }));
  }
}
