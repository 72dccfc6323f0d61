import type { Socket } from 'node:net';
import type { Clock } from '../../util/clock.ts';
import { guard, type Guard, type Protocol } from '../connection/guard.ts';
import type { Connection, SqlResult } from './dialect.ts';
import type { Sql } from './sql.ts';

export interface SessionOptions<Address> {
  readonly address: Address;
  /** Shows the server's administrator the purpose of the connection. */
  readonly name: string;
  /** The limit for an answer. Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** How long a server may take to close a connection before it is cut. Milliseconds. */
const CLOSE_TIMEOUT = 300;

/** The client library of a product, for one connection. */
export interface ServerClient {
  readonly protocol: Protocol;
  readonly where: string;
  open(): Promise<unknown>;
  /** The settings of the session, which do not depend on the server's defaults. */
  readonly settings: readonly Sql[];
  query(statement: Sql): Promise<SqlResult>;
  /** Whether the error is the server's own; otherwise there was no answer. */
  isAnswer(error: unknown): boolean;
  end(): Promise<unknown>;
  destroy?(): void;
}

export class ServerSession<Client extends ServerClient> implements Connection {
  readonly client: Client;
  readonly #socket: Socket;
  readonly #clock: Clock;
  #guard: Guard;
  #usable = true;

  constructor(client: Client, socket: Socket, clock: Clock) {
    this.client = client;
    this.#socket = socket;
    this.#clock = clock;
    this.#guard = guard(socket, client.protocol, client.where);
  }

  get usable(): boolean {
    return this.#usable;
  }

  async open(signal: AbortSignal): Promise<void> {
    const cut = () => this.#socket.destroy(new Error('the store is closed'));
    signal.addEventListener('abort', cut);
    try {
      await this.client.open();
      this.#guard.established();
      for (const statement of this.client.settings) await this.run(statement);
    } catch (error) {
      this.cut();
      throw error;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  /** Guards the socket that the client reads from after the TLS handshake. Within TLS any first byte is accepted. */
  guardEncrypted(encrypted: Socket): void {
    const { protocol, where } = this.client;
    this.#guard = guard(encrypted, { ...protocol, opensWith: () => true }, where);
  }

  async run(statement: Sql): Promise<SqlResult> {
    try {
      const result = await this.client.query(statement);
      this.received();
      return result;
    } catch (error) {
      // A late answer would be mistaken for the answer to the next statement.
      if (!this.client.isAnswer(error)) this.#usable = false;
      throw error;
    }
  }

  /** Call this after a message that the server sent by itself, such as a notification: it answers no statement. */
  received(): void {
    this.#guard.answered();
  }

  cut(): void {
    this.#usable = false;
    this.client.destroy?.();
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    const { usable } = this;
    this.#usable = false;
    if (usable) {
      const done = new AbortController();
      await Promise.race([this.client.end().catch(() => {}), this.#clock.sleep(CLOSE_TIMEOUT, done.signal)]);
      done.abort();
    }
    this.cut();
  }
}

/** Connects in the first TLS mode that the server accepts. An abort ends the attempt. */
export async function connectInModes<Mode, Client extends ServerClient>(
  modes: readonly Mode[],
  signal: AbortSignal,
  create: (mode: Mode) => ServerSession<Client>,
  isRejected: (error: unknown) => boolean,
): Promise<ServerSession<Client>> {
  for (const [i, mode] of modes.entries()) {
    signal.throwIfAborted();
    try {
      const session = create(mode);
      await session.open(signal);
      return session;
    } catch (error) {
      if (i === modes.length - 1 || !isRejected(error)) throw error;
    }
  }
  throw new Error('no TLS mode to connect with');
}
