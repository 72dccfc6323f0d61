import type { Redis, RedisOptions } from 'ioredis';
import { tlsWords, type TlsSettings } from '../../broker/tls.ts';
import { createMasker, maskUrl } from '../../util/mask.ts';
import type { TransportOptions } from '../../broker/connection-settings.ts';
import { StoreError, type Unreachable } from '../../util/errors.ts';
import { PeerError, type Guard } from '../connection/guard.ts';
import { pauseAfter } from '../../util/backoff.ts';
import { createClient } from './client.ts';
import { DeniedError, deniedBy } from './rights.ts';
import { isSentinel, sentinelsOf } from './sentinel.ts';
import { addressOf } from './url.ts';

/** The pause before a connection that was lost is made anew (milliseconds): it grows from the first to the longest. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 2_000;

/** How long (milliseconds) a server may take to close its end of a connection that is over. */
const GOODBYE = 200;

/** Errors of a server that is no master (any more): whoever is now, is found by connecting anew. */
const NO_MASTER = /^(READONLY|MASTERDOWN)\b/;

const NOT_YET = new Error('it is being made');

export interface ConnectionOptions {
  /** Of one server; or of sentinels, with `;` between them. */
  readonly url: string;
  readonly transport: TransportOptions;
  /** What it is encrypted with, as far as the URL does not say it. */
  readonly tls?: TlsSettings | null;
  /** What CLIENT LIST calls it. */
  readonly name: string;
  /** Milliseconds until a command that was not answered fails. */
  readonly timeout: number;
  /** Whether a command fails at once while there is no connection, rather than when one cannot be made. */
  readonly impatient?: boolean;
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
  /** Takes passwords out of what the server sent back. */
  readonly #conceal: (text: string) => string;
  /** Why there is no connection; a command that fails for want of one says it. */
  #trouble: Error | null = null;
  #guard: Guard | null = null;
  /** Connections in a row that were given up for what the server sent. */
  #misled = 0;

  constructor(options: ConnectionOptions) {
    const { url, transport, name, timeout, impatient = false } = options;
    this.#timeout = timeout;
    this.#where = maskUrl(url);
    this.#conceal = createMasker([url], [transport.sentinelKwargs.password]);
    const made = {
      ...(isSentinel(url) ? throughSentinels(options) : addressOf(url, options.tls)),
      connectionName: name,
      // RESP2 and no INFO: understood by old servers and proxies, and allowed to narrow users.
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      lazyConnect: true,
      commandTimeout: timeout,
      // A server that went away without a word leaves a socket that would be waited on for minutes.
      socketTimeout: timeout,
      connectTimeout: transport.socketConnectTimeout ?? timeout,
      ...(transport.keepAlive !== null && { keepAlive: transport.keepAlive }),
      disconnectTimeout: GOODBYE,
      retryStrategy: (attempt: number) => this.#pauseBefore(attempt),
      reconnectOnError: ({ message }: Error) => NO_MASTER.test(message),
      maxRetriesPerRequest: 0,
      enableOfflineQueue: !impatient,
      autoResendUnfulfilledCommands: false,
      // Resubscribing by itself, ioredis leaves a rejection that nobody handles when it fails.
      autoResubscribe: false,
    } as const;
    this.client = createClient(made, (guard) => (this.#guard = guard));
    this.client.auth = tolerant(this.client);
    this.#listen();
  }

  /** Does something with Redis under the name of an operation: a failure is a `StoreError` that says it. */
  async run<T>(operation: string, command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(this.client);
    } catch (error) {
      throw error instanceof StoreError ? error : this.failure(operation, error);
    }
  }

  /** The `StoreError` of an operation that failed on this connection. */
  failure(operation: string, error: unknown): StoreError {
    const { text, cause, unreachable } = this.explain(error);
    return new StoreError(`${operation}: ${text}`, { cause, unreachable });
  }

  /** Why a command of this connection failed, and where it was to go; without its password. */
  explain(error: unknown): { text: string; cause: Error; unreachable: Unreachable | null } {
    const denied = deniedBy(error);
    if (error instanceof Error) withoutArguments(error);
    const cause = denied ?? (error instanceof Error ? error : new Error(String(error)));
    const [what, why, reason] = this.#reason(cause);
    const text = `${this.#conceal(what)} (${this.#where})`;
    const unreachable = reason === null ? null : { server: 'Redis', reason: this.#conceal(reason) };
    return { text, cause: why, unreachable };
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

  #listen(): void {
    const { client } = this;
    let sentinel: Error | null = null;
    client.on('sentinelError', (error: Error) => (sentinel = error));
    client.on('error', (error: Error & { command?: { name: string } }) => {
      const refused = error.command?.name === 'select';
      this.#trouble = sentinel ?? withoutArguments(error);
      if (error instanceof PeerError) this.#misled += 1;
      sentinel = null;
      // Where the database cannot be selected, ioredis would go on in database 0.
      if (refused) client.disconnect(true);
    });
    client.on('close', () => (this.#trouble ??= new Error('the connection was closed')));
    client.on('ready', () => {
      // One that was refused its database is announced too, on its way out.
      if (!client.stream.writable) return;
      this.#trouble = null;
      this.#guard?.established();
    });
  }

  /** ioredis counts anew with each connection that stands, but it is no sign of recovery when the wrong server answers. */
  #pauseBefore(attempt: number): number {
    const misled = this.#trouble instanceof PeerError;
    if (!misled) this.#misled = 0;
    const failures = Math.max(attempt, this.#misled);
    return Math.round(pauseAfter(failures, FIRST_PAUSE, LONGEST_PAUSE));
  }

  #reason(error: Error): [what: string, why: Error, unreachable: string | null] {
    if (error instanceof DeniedError) {
      const user = this.client.options.username ?? 'default';
      const help = 'docs/redis-rights.md has the rights that beat needs';
      return [`Redis refused: user ${JSON.stringify(user)} ${error.message}; ${help}`, error, null];
    }
    if (error.name === 'ReplyError') return [`Redis refused: ${error.message}`, error, null];
    const why = this.#trouble ?? (error.message.startsWith('Stream') ? NOT_YET : error);
    if (error.message === 'Command timed out' && why === error) {
      const late = `no answer in ${this.#timeout} ms`;
      return [`Redis did not answer in ${this.#timeout} ms`, error, late];
    }
    const reason = tlsWords(why);
    return [`no connection to Redis: ${reason}`, why, reason];
  }
}

/** Sentinels are asked at every new connection, one after the other, until one names the master. */
function throughSentinels(options: ConnectionOptions): Partial<RedisOptions> {
  const { url, transport, tls, timeout } = options;
  return {
    ...sentinelsOf(url, transport, tls),
    // One of three may be silent: the next has to be asked before whoever waits gives up.
    sentinelCommandTimeout: transport.sentinelKwargs.timeout ?? Math.round(timeout / 4),
    sentinelRetryStrategy: (attempt) => Math.round(pauseAfter(attempt, FIRST_PAUSE, LONGEST_PAUSE)),
    // Celery asks those that are listed and no others; what they call each other may lead nowhere from here.
    updateSentinels: false,
  };
}

/** `AUTH` that takes "no password is needed" for a yes. ioredis does too, and prints it to the console. */
function tolerant(client: Redis): Redis['auth'] {
  const auth = client.auth.bind(client) as (...args: unknown[]) => Promise<'OK'>;
  return async (...args: unknown[]) => {
    try {
      return await auth(...args);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { message } = withoutArguments(error);
      if (/no password is set|without any password configured/.test(message)) return 'OK';
      if (!message.includes("wrong number of arguments for 'auth'")) throw error;
      throw new Error('before version 6 it knows no users: leave the user out', { cause: error });
    }
  };
}

/** ioredis hangs the command on its errors: a password, or a megabyte of messages, for a log to print. */
function withoutArguments<E extends Error>(error: E): E {
  delete (error as { command?: unknown }).command;
  return error;
}
