import type { EventStream } from '../broker/event-stream.ts';
import type { ReceivedMessage } from '../broker/received-message.ts';
import type { Events } from '../events/events.ts';
import { parseTaskEvents, type TaskEvent } from '../message/task-event.ts';
import { pauseAfter } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import { advance, type TaskProgress } from './task-progress.ts';

export interface TaskEventsOptions {
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly events: Events;
}

/** The pause before a new attempt to connect grows from the first value to the second. Milliseconds. */
const FIRST_PAUSE = 500;
const MAX_PAUSE = 30_000;
/** Most tasks that are remembered without a listener. */
const MAX_RECENT = 10_000;

const JSON_TYPE = 'application/json';
const OPERATION = { kind: 'receive-task-events' } as const;

/**
 * Receives the events that workers publish. They are of the tasks of all programs; those of a run that was published a
 * moment ago may arrive before it is followed, so the newest tasks are remembered.
 */
export class TaskEvents {
  readonly #options: TaskEventsOptions;
  readonly #recent = new Map<string, TaskProgress>();
  #isConnected = false;
  /** Whether a message in another format was reported. */
  #isRejecting = false;
  #failures = 0;

  constructor(options: TaskEventsOptions) {
    this.#options = options;
  }

  /** Whether events arrive. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Removes and returns what events said about a task that no listener took; `null` for nothing. */
  take(taskId: string): TaskProgress | null {
    const progress = this.#recent.get(taskId) ?? null;
    this.#recent.delete(taskId);
    return progress;
  }

  /** Receives until the signal aborts. The listener returns whether it takes an event. Never rejects. */
  async run(listener: (event: TaskEvent) => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#follow(listener, signal);
      this.#isConnected = false;
      this.#failures += 1;
      const pause = pauseAfter(this.#failures, FIRST_PAUSE, MAX_PAUSE);
      await this.#options.clock.sleep(pause, signal);
    }
  }

  async #follow(listener: (event: TaskEvent) => boolean, signal: AbortSignal): Promise<void> {
    const { stream, events } = this.#options;
    const receive = (message: ReceivedMessage) => {
      if (!this.#checkFormat(message)) return;
      for (const event of parseTaskEvents(message.body)) {
        if (!listener(event)) this.#remember(event);
      }
    };
    const connected = () => {
      this.#isConnected = true;
      this.#isRejecting = false;
      this.#failures = 0;
      events.reportRecovery(OPERATION);
    };
    try {
      await stream.follow({ receive, connected, signal });
    } catch (error) {
      if (!signal.aborted) events.reportFailure(OPERATION, error);
    }
  }

  /** Whether beat reads the format of a message. One that it does not is reported once for each connection. */
  #checkFormat({ contentType }: ReceivedMessage): boolean {
    if (contentType === JSON_TYPE) return true;
    if (this.#isRejecting) return false;
    this.#isRejecting = true;
    const got = contentType === '' ? 'without a content type' : `in ${contentType}`;
    const text = `events ${got} are ignored; beat reads ${JSON_TYPE}, the workers' event_serializer "json"`;
    this.#options.events.reportFailure(OPERATION, new StoreError(text));
    return false;
  }

  #remember(event: TaskEvent): void {
    const { taskId } = event;
    this.#recent.set(taskId, advance(this.take(taskId), event));
    if (this.#recent.size > MAX_RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }
}
