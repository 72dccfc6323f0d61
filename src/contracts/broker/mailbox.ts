import type { ReceiverOptions } from './connection-settings.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';

/**
 * A node in the mailbox of Celery's remote control: kombu's `pidbox`, a fanout exchange that every worker is bound to,
 * and a direct exchange for replies.
 */
export interface Mailbox {
  /**
   * Connects, and calls `receive` with each request until the signal aborts; `connected` is called when requests
   * arrive from then on. A reply that `receive` returns is sent. Rejects with a `StoreError` when the connection
   * is lost.
   */
  serve(options: {
    readonly receive: (request: ReceivedMessage) => Reply | null;
    readonly connected: () => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  close(): Promise<void>;
}

/** The reply to a request. The requester has declared the exchange, and bound its queue to it. */
export interface Reply {
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** JSON. */
  readonly body: Buffer;
}

export interface MailboxOptions extends ReceiverOptions {
  /** The fanout exchange, such as `celery.pidbox`. */
  readonly exchange: string;
  /** The node's own queue, such as `celerybeat@host.celery.pidbox`. */
  readonly queue: string;
}

export type OpenMailbox = (options: MailboxOptions) => Mailbox;
