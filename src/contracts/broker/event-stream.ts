import type { ReceiverOptions } from './connection-settings.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';

/** Celery's task events, which workers publish with `worker_send_task_events`. No broker stores them. */
export interface EventStream {
  /**
   * Connects, and calls `receive` with each message until the signal aborts; `connected` is called when events arrive
   * from then on. May be called again after it has ended. Rejects with a `StoreError` when the connection is lost.
   */
  follow(options: {
    readonly receive: (message: ReceivedMessage) => void;
    readonly connected: () => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  close(): Promise<void>;
}

export interface EventStreamSettings {
  /** The exchange of events, such as `celeryev`. */
  readonly exchange: string;
  /** How the name of its queue begins, such as `celeryev`. */
  readonly queuePrefix: string;
}

export type EventStreamOptions = EventStreamSettings & ReceiverOptions;

export type OpenEventStream = (options: EventStreamOptions) => EventStream;
