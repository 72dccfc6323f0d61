import type { Redis, RedisOptions } from 'ioredis';
import type { ReceiverOptions, TlsSettings, TransportOptions } from '../../../contracts/broker/connection-settings.ts';
import { describeTlsError } from '../../connection/tls.ts';
import { createMasker } from '../../../util/mask.ts';
import type { ServerUrls } from '../../../contracts/broker/server-url.ts';
import { StoreError, type Unreachable } from '../../../util/errors.ts';
import { PeerError, type Guard } from '../../connection/guard.ts';
import { pauseAfter } from '../../../util/backoff.ts';
import { createClient } from './client.ts';
import { DeniedError, findDenied, findWrongType } from '../rights.ts';
import { run, type Script } from '../scripts/script.ts';
import { parseRedisUrl, parseSentinelUrls } from './url.ts';

/** The pause before a new attempt to connect grows from the first value to the second. Milliseconds. */
const FIRST_PAUSE = 200;
const MAX_PAUSE = 2_000;

/** Milliseconds until a command without an answer fails, unless the connection has another timeout. */
export const TIMEOUT = 5_000;

/** How long a server may take to close its end of a connection. Milliseconds. */
const DISCONNECT_TIMEOUT = 200;

/** Errors of a server that is not the master: a new connection reaches the new master. */
const NO_MASTER = /^(READONLY|MASTERDOWN)\b/;

const CONNECTING = new Error('the connection is being opened');

export interface ConnectionOptions {
  /** One server, or its sentinels. */
  readonly server: ServerUrls;
  readonly transport: TransportOptions;
  /** Encryption, where the URL does not configure it. */
  readonly tls?: TlsSettings | null;
  readonly name: string;
  /** Milliseconds until a command without an answer fails; `TIMEOUT` unless given. */
  readonly timeout?: number;
  /** Whether a command without a connection fails at once instead of waiting for one attempt to connect. */
  readonly failFast?: boolean;
}

/**
 * One connection to Redis. The first command opens it, and it reconnects by itself. A command that cannot be sent
 * or times out rejects and is never sent again, because Redis may have run it.
 */
export class Connection {
  readonly client: Redis;
  readonly #timeout: number;
  readonly #address: string;
  /** Masks passwords in texts that the server sent. */
  readonly #mask: (text: string) => string;
  /** Why there is no connection; part of the error of a command that needs one. */
  #lastError: Error | null = null;
  #guard: Guard | null = null;
  /** Consecutive connections that were closed because of invalid bytes from the server. */
  #peerErrors = 0;

  constructor(options: ConnectionOptions) {
    const { server, transport, name, timeout = TIMEOUT, failFast = false } = options;
    this.#timeout = timeout;
    this.#address = server.masked;
    this.#mask = createMasker([server.url], [transport.sentinelKwargs.password]);
    const redisOptions = {
      ...(server.variant.sentinel ? sentinelOptions(options) : parseRedisUrl(server, options.tls)),
      connectionName: name,
      // RESP2 without INFO works with old servers, with proxies and for users with few rights.
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      lazyConnect: true,
      commandTimeout: timeout,
      // Without this timeout a connection that was lost silently would block for minutes.
      socketTimeout: timeout,
      connectTimeout: transport.socketConnectTimeout ?? timeout,
      ...(transport.keepAlive !== null && { keepAlive: transport.keepAlive }),
      disconnectTimeout: DISCONNECT_TIMEOUT,
      retryStrategy: (attempt: number) => this.#pauseBefore(attempt),
      reconnectOnError: ({ message }: Error) => NO_MASTER.test(message),
      maxRetriesPerRequest: 0,
      enableOfflineQueue: !failFast,
      autoResendUnfulfilledCommands: false,
      // A failed resubscription of ioredis would be an unhandled rejection.
      autoResubscribe: false,
    } as const;
    this.client = createClient(redisOptions, (guard) => (this.#guard = guard));
    this.client.auth = authWithOptionalPassword(this.client);
    this.#watchState();
  }

  /** Runs a command. Rejects with a `StoreError` that begins with the name of the operation. */
  async run<T>(operation: string, command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(this.client);
    } catch (error) {
      throw error instanceof StoreError ? error : this.failure(operation, error);
    }
  }

  /** Runs a script as `run` runs a command. The caller knows the type of the script's reply. */
  runScript<T>(operation: string, script: Script, keys: readonly string[], args: readonly string[]): Promise<T> {
    return this.run(operation, (client) => run(client, script, keys, args) as Promise<T>);
  }

  /** The fields of a hash that exist, with their texts, in the given order. */
  async readFields(operation: string, key: string, fields: readonly string[]): Promise<[string, string][]> {
    if (fields.length === 0) return [];
    const texts = await this.run(operation, (client) => client.hmget(key, ...fields));
    return fields.flatMap((field, i): [string, string][] => {
      const text = texts[i];
      return typeof text === 'string' ? [[field, text]] : [];
    });
  }

  failure(operation: string, error: unknown): StoreError {
    const { text, cause, unreachable } = this.explain(error);
    return new StoreError(`${operation}: ${text}`, { cause, unreachable });
  }

  /** Why a command of this connection failed, with the server's address; without passwords. */
  explain(error: unknown): { text: string; cause: Error; unreachable: Unreachable | null } {
    const denied = findDenied(error);
    const wrong = findWrongType(error);
    if (error instanceof Error) dropCommand(error);
    const cause = denied ?? (error instanceof Error ? error : new Error(String(error)));
    const [message, origin, reason] = this.#describe(cause, wrong);
    const text = `${this.#mask(message)} (${this.#address})`;
    const unreachable = reason === null ? null : { server: 'Redis', reason: this.#mask(reason) };
    return { text, cause: origin, unreachable };
  }

  async close(): Promise<void> {
    const { client } = this;
    if (client.status === 'end') return;
    // A client that waits to reconnect has no socket, and emits no `end`.
    const hasSocket = client.status !== 'reconnecting';
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.disconnect();
    if (hasSocket) await ended;
  }

  #watchState(): void {
    const { client } = this;
    let sentinel: Error | null = null;
    client.on('sentinelError', (error: Error) => (sentinel = error));
    client.on('error', (error: Error & { command?: { name: string } }) => {
      const selectFailed = error.command?.name === 'select';
      this.#lastError = sentinel ?? dropCommand(error);
      if (error instanceof PeerError) this.#peerErrors += 1;
      sentinel = null;
      // After a failed SELECT ioredis would continue in database 0.
      if (selectFailed) client.disconnect(true);
    });
    client.on('close', () => (this.#lastError ??= new Error('the connection was closed')));
    client.on('ready', () => {
      // ioredis also emits `ready` for a connection that closes after a failed SELECT.
      if (!client.stream.writable) return;
      this.#lastError = null;
      this.#guard?.established();
    });
  }

  /** ioredis restarts its count at each connection, but a connection to the wrong server is a failure too. */
  #pauseBefore(attempt: number): number {
    if (!(this.#lastError instanceof PeerError)) this.#peerErrors = 0;
    return Math.round(pauseAfter(Math.max(attempt, this.#peerErrors), FIRST_PAUSE, MAX_PAUSE, Math.random));
  }

  #describe(error: Error, wrongType: string | null): [text: string, cause: Error, unreachable: string | null] {
    if (wrongType !== null) {
      const key = JSON.stringify(wrongType);
      const text = `WRONGTYPE: the key ${key} has another type than expected; delete it, or rename it if it belongs to another program`;
      return [`Redis rejected the command: ${text}`, error, null];
    }
    if (error instanceof DeniedError) {
      const user = this.client.options.username ?? 'default';
      const help = 'docs/redis-rights.md has the rights that beat needs';
      const denied = `user ${JSON.stringify(user)} ${error.message}`;
      return [`Redis rejected the command: ${denied}; ${help}`, error, null];
    }
    if (error.name === 'ReplyError') {
      return [`Redis rejected the command: ${error.message}`, error, null];
    }
    const cause = this.#lastError ?? (error.message.startsWith('Stream') ? CONNECTING : error);
    if (error.message === 'Command timed out' && cause === error) {
      const reason = `no answer in ${this.#timeout} ms`;
      return [`Redis did not answer in ${this.#timeout} ms`, error, reason];
    }
    const reason = describeTlsError(cause);
    return [`no connection to Redis: ${reason}`, cause, reason];
  }
}

/** Opens a connection for a receiver of messages, such as `worker`. */
export function connectReceiver({ server, transport, connection }: ReceiverOptions, role: string, timeout = TIMEOUT) {
  const name = `${transport.clientName ?? 'beat'}-${role}`;
  return new Connection({ server, transport, tls: connection.tls, name, timeout });
}

/** Each new connection queries the sentinels in turn until one reports the master. */
function sentinelOptions(options: ConnectionOptions): Partial<RedisOptions> {
  const { server, transport, tls, timeout = TIMEOUT } = options;
  return {
    ...parseSentinelUrls(server, transport, tls),
    // If one of three does not answer, the next must answer before the command times out.
    sentinelCommandTimeout: transport.sentinelKwargs.timeout ?? Math.round(timeout / 4),
    sentinelRetryStrategy: (attempt) => Math.round(pauseAfter(attempt, FIRST_PAUSE, MAX_PAUSE, Math.random)),
    // As in Celery, only the listed sentinels: addresses that they report may be unreachable from this host.
    updateSentinels: false,
  };
}

/** `AUTH` that succeeds on a server without a password. ioredis does too, but writes to the console. */
function authWithOptionalPassword(client: Redis): Redis['auth'] {
  const auth = client.auth.bind(client) as (...args: unknown[]) => Promise<'OK'>;
  return async (...args: unknown[]) => {
    try {
      return await auth(...args);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { message } = dropCommand(error);
      if (/no password is set|without any password configured/.test(message)) return 'OK';
      if (!message.includes("wrong number of arguments for 'auth'")) throw error;
      throw new Error('Redis before version 6 has no users; remove the user from the URL', { cause: error });
    }
  };
}

/** Removes the command from an error of ioredis: it may contain a password, or a megabyte of messages. */
function dropCommand<E extends Error>(error: E): E {
  delete (error as { command?: unknown }).command;
  return error;
}
