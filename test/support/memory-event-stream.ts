import type { EventStream } from '../../src/contracts/broker/event-stream.ts';
import type { ReceivedMessage } from '../../src/celery/kombu/envelope.ts';

type Following = Parameters<EventStream['follow']>[0];

/** Task events that a test sends. */
export class MemoryEventStream implements EventStream {
  /** How often a receiver connected, or tried to. */
  attempts = 0;
  /** What connecting rejects with. */
  error: Error | null = null;
  #following: Following | null = null;
  #lose: (error: Error) => void = () => {};

  async follow(following: Following): Promise<void> {
    this.attempts += 1;
    if (this.error) throw this.error;
    this.#following = following;
    following.connected();
    const aborted = new Promise<void>((resolve) => {
      following.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const lost = new Promise<never>((_, reject) => (this.#lose = reject));
    await Promise.race([aborted, lost]).finally(() => (this.#following = null));
  }

  /** Sends events in one message, as a worker does; drops them without a receiver. */
  send(...events: readonly Readonly<Record<string, unknown>>[]): void {
    this.sendMessage({
      headers: {},
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      body: Buffer.from(JSON.stringify(events)),
    });
  }

  sendMessage(message: ReceivedMessage): void {
    this.#following?.receive(message);
  }

  /** Ends the connection. */
  lose(error: Error): void {
    this.#lose(error);
  }

  async close(): Promise<void> {}
}
