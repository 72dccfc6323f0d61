import type { EventStream } from '../../contracts/broker/event-stream.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import type { Events } from '../../contracts/events/events.ts';
import { MAX_EVENTS_BODY, parseTaskEvents, type TaskEvent } from '../../celery/message/task-outcome.ts';
import { pauseAfter } from '../../util/backoff.ts';
import type { Clock, Random } from '../../util/clock.ts';
import { advance, type TaskProgress } from './followed-runs.ts';

export interface TaskEventsOptions {
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
}

/** The pause before a new attempt to connect grows from the first value to the second. Milliseconds. */
const FIRST_PAUSE = 500;
const MAX_PAUSE = 30_000;
/** If no event has arrived, beat warns after this number of outcomes without an event. */
const MAX_MISSED = 10;
/** Most tasks whose events are remembered until a listener takes them. */
const MAX_RECENT = 10_000;

const JSON_TYPE = 'application/json';
const UNREADABLE = `Task events in another format than ${JSON_TYPE} are ignored: set event_serializer "json" for all workers`;
const TOO_LARGE = `Messages of task events over ${MAX_EVENTS_BODY / 1e6} MB are ignored`;
const ABSENT =
  'Tasks end, but no task event has arrived, so outcomes have no runtime: start the workers with -E, or with worker_send_task_events';
const OPERATION = { kind: 'receive-task-events' } as const;

/**
 * Receives the events that workers publish about the tasks of all programs. Events of a run may arrive before the run is
 * followed, so the newest tasks are remembered.
 */
export class TaskEvents {
  readonly #options: TaskEventsOptions;
  readonly #recent = new Map<string, TaskProgress>();
  isConnected = false;
  /** Whether an event was read since the connection began, and how many were missed before. */
  #hasReceived = false;
  #missed = 0;
  #failures = 0;

  constructor(options: TaskEventsOptions) {
    this.#options = options;
  }

  /** Removes and returns the progress of a task whose events no listener took; `null` if there is none. */
  take(taskId: string): TaskProgress | null {
    const progress = this.#recent.get(taskId) ?? null;
    this.#recent.delete(taskId);
    return progress;
  }

  /** Called when the event of a task that has ended did not arrive. */
  miss(): void {
    if (this.#hasReceived || ++this.#missed < MAX_MISSED) return;
    this.#options.events.warn('task-events', ABSENT);
  }

  /** Receives until the signal aborts. The listener returns whether it takes an event. Never rejects. */
  async run(listener: (event: TaskEvent) => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#follow(listener, signal);
      this.isConnected = false;
      this.#failures += 1;
      const pause = pauseAfter(this.#failures, FIRST_PAUSE, MAX_PAUSE, this.#options.random);
      await this.#options.clock.sleep(pause, signal);
    }
  }

  async #follow(listener: (event: TaskEvent) => boolean, signal: AbortSignal): Promise<void> {
    const { stream, events } = this.#options;
    const receive = (message: ReceivedMessage) => {
      if (!this.#check(message)) return;
      for (const event of parseTaskEvents(message.body)) {
        if (!this.#hasReceived && this.#missed > 0) events.warn('task-events', null);
        this.#hasReceived = true;
        if (!listener(event)) this.#remember(event);
      }
    };
    const connected = () => {
      this.isConnected = true;
      this.#hasReceived = false;
      this.#missed = 0;
      this.#failures = 0;
      events.warn('task-events', null);
      events.reportRecovery(OPERATION);
    };
    try {
      await stream.follow({ receive, connected, signal });
    } catch (error) {
      if (!signal.aborted) events.reportFailure(OPERATION, error);
    }
  }

  /** Whether beat reads a message of that format and size. If not, a warning says so until the connection ends. */
  #check({ contentType, body }: ReceivedMessage): boolean {
    const isJson = contentType === JSON_TYPE;
    if (isJson && body.length <= MAX_EVENTS_BODY) return true;
    this.#options.events.warn('task-events', isJson ? TOO_LARGE : UNREADABLE);
    return false;
  }

  #remember(event: TaskEvent): void {
    const { taskId } = event;
    this.#recent.set(taskId, advance(this.take(taskId), event));
    if (this.#recent.size > MAX_RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }
}
