import type { ReceiverOptions } from '../../contracts/broker/connection-settings.ts';
import { StoreError } from '../../util/errors.ts';
import { createMasker } from '../../util/mask.ts';
import { describeServerError } from './rejections.ts';
import { Session } from './session.ts';
import { TimeoutError } from './timeouts.ts';
import { parseAmqpUrl, type Address } from './url.ts';

/** Milliseconds. A quorum queue confirms a message when a majority has written it to disk, which may take seconds. */
const ANSWER_TIMEOUT = 10_000;

interface Server {
  readonly address: Address;
  readonly maskedUrl: string;
}

export interface Connected {
  readonly server: Server;
  readonly session: Session;
}

export type Cluster = ReturnType<typeof createCluster>;

/**
 * The servers of a cluster, and the connection to one of them. `role` begins error messages: `broker` or `consumer`.
 * Throws a `ConfigError` for an invalid URL.
 */
export function createCluster(role: string, options: ReceiverOptions, answerTimeout = ANSWER_TIMEOUT) {
  const { server: urls, connection } = options;
  const servers = createFailover(
    urls.servers.map((server): Server => ({ address: parseAmqpUrl(server, connection.tls), maskedUrl: server.masked })),
    connection.failoverStrategy,
  );
  const mask = createMasker([urls.url]);
  const closing = new AbortController();
  let opening: Promise<Connected> | null = null;
  let current: Connected | null = null;

  /** Without passwords. */
  const describe = (error: Error) => mask(describeServerError(error));

  const open = async (operation: string): Promise<Connected> => {
    const { signal } = closing;
    const failures: string[] = [];
    let cause: unknown;
    for (const server of servers.cycle()) {
      if (signal.aborted) break;
      try {
        const session = await Session.open(server.address, { ...options, answerTimeout }, signal);
        servers.markReachable(server);
        return { server, session };
      } catch (error) {
        cause = error;
        failures.push(`${describe(error as Error)} (${server.maskedUrl})`);
      }
    }
    const reason = signal.aborted ? 'the broker was closed' : failures.join('; ');
    const unreachable = signal.aborted ? null : { server: 'RabbitMQ', reason };
    throw new StoreError(`${role}.${operation}: no connection to RabbitMQ: ${reason}`, { cause, unreachable });
  };

  return {
    /** Resolves with the open connection, or tries each server once. Rejects with a `StoreError` if none accepts. */
    async connect(operation: string): Promise<Connected> {
      if (current?.session.usable) return current;
      opening ??= open(operation).finally(() => (opening = null));
      return (current = await opening);
    },

    /** Ends the connection because an operation failed on it; creates the `StoreError` of the operation. */
    fail(operation: string, error: Error, { server, session }: Connected): StoreError {
      const timedOut = error instanceof TimeoutError;
      if (timedOut) servers.markUnresponsive(server);
      session.end(error);
      const reason = timedOut ? error.message : `the connection to RabbitMQ ended: ${describe(error)}`;
      return new StoreError(`${role}.${operation}: ${reason} (${server.maskedUrl})`, {
        cause: error,
        unreachable: timedOut ? { server: 'RabbitMQ', reason } : null,
      });
    },

    async close(): Promise<void> {
      await current?.session.close();
      closing.abort();
      await opening?.catch(() => {});
    },
  };
}

/** The order of attempts, as by `broker_failover_strategy`: the last reachable server, then the next or random ones. */
export function createFailover<T>(all: readonly T[], strategy: 'round-robin' | 'shuffle') {
  let current = strategy === 'shuffle' ? Math.floor(Math.random() * all.length) : 0;
  return {
    /** All servers, in the order in which to try them. */
    cycle(): T[] {
      const others = [...all.slice(current + 1), ...all.slice(0, current)];
      return [...all.slice(current, current + 1), ...(strategy === 'shuffle' ? shuffled(others) : others)];
    },

    /** Begins the next cycle with this server, because it is reachable. */
    markReachable(one: T): void {
      current = Math.max(0, all.indexOf(one));
    },

    /** Ends the next cycle with this server: it does not answer, and each attempt takes the whole timeout. */
    markUnresponsive(one: T): void {
      current = (all.indexOf(one) + 1) % all.length;
    },
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1));
}
