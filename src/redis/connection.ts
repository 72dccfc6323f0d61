import { Redis } from 'ioredis';
import { maskUrl } from '../config/mask.ts';
import { StoreError } from '../errors.ts';
import { addressOf } from './url.ts';

/** Constant: an outage costs five attempts a second, and its end is seen at once. */
const RECONNECT_DELAY = 200;

export interface ConnectionOptions {
  readonly url: string;
  /** What CLIENT LIST calls it. */
  readonly name: string;
  /** Milliseconds until a command that was not answered fails. */
  readonly timeout: number;
}

/**
 * One connection to Redis, opened by its first command and restored by itself. It fails fast: a command
 * that cannot be sent, or is not answered in time, rejects, and is never sent a second time behind its
 * caller's back. What is not answered may have been done all the same.
 */
export class Connection {
  readonly client: Redis;
  readonly #timeout: number;
  readonly #where: string;
  /** Why there is no connection; a command that fails for want of one says it. */
  #trouble: Error | null = null;

  constructor({ url, name, timeout }: ConnectionOptions) {
    this.#timeout = timeout;
    this.#where = maskUrl(url);
    this.client = new Redis({
      ...addressOf(url),
      connectionName: name,
      // RESP2 and no INFO: understood by old servers and proxies, and allowed to narrow users.
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      lazyConnect: true,
      commandTimeout: timeout,
      // A server that went away without a word leaves a socket that would be waited on for minutes.
      socketTimeout: timeout,
      connectTimeout: timeout,
      disconnectTimeout: RECONNECT_DELAY,
      retryStrategy: () => RECONNECT_DELAY,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      // Resubscribing by itself, ioredis leaves a rejection that nobody handles when it fails.
      autoResubscribe: false,
    });
    this.client.on('error', (error: Error & { command?: { name: string } }) => {
      const refused = error.command?.name === 'select';
      this.#trouble = withoutArguments(error);
      // Where the database cannot be selected, ioredis would go on in database 0.
      if (refused) this.client.disconnect(true);
    });
    this.client.on('close', () => (this.#trouble ??= new Error('the connection was closed')));
  }

  /** Does something with Redis under the name of an operation: a failure is a `StoreError` that says it. */
  async run<T>(operation: string, command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      const answer = await command(this.client);
      this.#trouble = null;
      return answer;
    } catch (error) {
      throw this.#failure(operation, error);
    }
  }

  async close(): Promise<void> {
    const { client } = this;
    if (client.status === 'end') return;
    // While it waits to reconnect there is no socket whose end would be told.
    const told = client.status !== 'reconnecting';
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.disconnect();
    if (told) await ended;
  }

  #failure(operation: string, error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    const cause = error instanceof Error ? withoutArguments(error) : new Error(String(error));
    const [what, why] = this.#explain(cause);
    return new StoreError(`${operation}: ${what} (${this.#where})`, { cause: why });
  }

  #explain(error: Error): [what: string, why: Error] {
    if (error.message === 'Command timed out') {
      return [`Redis did not answer in ${this.#timeout} ms`, error];
    }
    if (error.name === 'ReplyError') return [`Redis refused: ${error.message}`, error];
    const why = this.#trouble ?? error;
    return [`no connection to Redis: ${why.message}`, why];
  }
}

/** ioredis hangs the command on its errors: a password, or a megabyte of messages, for a log to print. */
function withoutArguments<E extends Error>(error: E): E {
  delete (error as { command?: unknown }).command;
  return error;
}
