/**
 * A publish without a connection tries each server of the cluster once, without pauses, and rejects if none accepts
 * the connection. The caller decides about retries, so this module has no timers and writes no log lines.
 */
import type { AnnounceOptions, Broker, Rejection } from '../../contracts/broker/broker.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from '../../celery/message/message.ts';
import type { BrokerOptions } from '../../contracts/store/store.ts';
import { Cluster, type Connected } from './cluster.ts';
import { announce, publishMessages } from './publish.ts';
import type { DeclareOptions } from './declare.ts';
import type { Session } from './session.ts';

/** Opens a broker in RabbitMQ, or in another server that speaks AMQP 0-9-1. Throws a `ConfigError` for an invalid URL. */
export function openAmqpBroker(options: BrokerOptions, answerTimeout?: number): Broker {
  return new AmqpBroker(options, answerTimeout);
}

class AmqpBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #declareOptions: DeclareOptions;
  readonly #cluster: Cluster;
  /** The revision of the queues at the last publish. */
  #revision: number;

  constructor(options: BrokerOptions, answerTimeout?: number) {
    this.#cluster = new Cluster('broker', options, answerTimeout);
    this.#options = options;
    this.#declareOptions = { ...options, delayedType: options.connection.delayedType };
    this.#revision = options.queues.revision;
  }

  async publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    if (messages.length === 0) return [];
    return this.#run('publish', (session) => {
      const { revision } = this.#declareOptions.queues;
      // A reload may have changed queues that this connection has declared.
      if (revision !== this.#revision) session.forgetDeclarations();
      this.#revision = revision;
      return publishMessages(session, messages, this.#declareOptions, this.#options.clock.now());
    });
  }

  async announce(messages: readonly Message[], { declaredBySubscribers = false }: AnnounceOptions = {}): Promise<void> {
    if (messages.length === 0) return;
    const declareQueues = this.#declareOptions.declareQueues && !declaredBySubscribers;
    const options = { ...this.#declareOptions, declareQueues };
    await this.#run('announce', (session) => announce(session, messages, options));
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  /** Runs an operation over the connection. A failure ends the connection unless RabbitMQ blocks publishers. */
  async #run<T>(operation: string, work: (session: Session) => Promise<T>): Promise<T> {
    const connected = await this.#cluster.connect(operation);
    const { session } = connected;
    try {
      if (session.blocked !== null) throw new Error('nothing was published');
      return await work(session);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw this.#failure(operation, error as Error, connected);
    }
  }

  #failure(operation: string, error: Error, connected: Connected): StoreError {
    const { server, session } = connected;
    const { blocked } = session;
    if (blocked !== null) {
      // The connection stays open: RabbitMQ reads its messages after the alarm, and a new connection would
      // publish them twice.
      const reason = `RabbitMQ blocks publishers (${blocked}) until it has memory and disk again`;
      const text = `broker.${operation}: ${reason} (${server.maskedUrl})`;
      return new StoreError(text, { cause: error });
    }
    return this.#cluster.fail(operation, error, connected);
  }
}
