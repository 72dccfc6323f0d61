/**
 * A publish without a connection tries each server of the cluster once, without pauses, and rejects if none accepts
 * the connection. The caller decides about retries, so this module has no timers and writes no log lines.
 */
import type { Broker, BrokerOptions } from '../../contracts/broker/broker.ts';
import { StoreError } from '../../util/errors.ts';
import { createCluster } from './cluster.ts';
import { announce, publishMessages } from './publish.ts';
import type { Session } from './session.ts';

/** Opens a broker in RabbitMQ, or in another server that speaks AMQP 0-9-1. Throws a `ConfigError` for an invalid URL. */
export function openAmqpBroker(options: BrokerOptions, answerTimeout?: number): Broker {
  const { queues, clock } = options;
  const cluster = createCluster('broker', options, answerTimeout);
  const declareOptions = { ...options, delayedType: options.connection.delayedType };
  /** The revision of the queues at the last publish. */
  let { revision } = queues;

  /** Runs an operation over the connection. A failure ends the connection unless RabbitMQ blocks publishers. */
  const run = async <T>(operation: string, work: (session: Session) => Promise<T>): Promise<T> => {
    const connected = await cluster.connect(operation);
    const { server, session } = connected;
    try {
      if (session.blocked !== null) throw new Error('nothing was published');
      return await work(session);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const { blocked } = session;
      if (blocked === null) throw cluster.fail(operation, error as Error, connected);
      // The connection stays open: RabbitMQ reads its messages after the alarm, and a new connection would
      // publish them twice.
      const reason = `RabbitMQ blocks publishers (${blocked}) until it has memory and disk again`;
      throw new StoreError(`broker.${operation}: ${reason} (${server.maskedUrl})`, { cause: error });
    }
  };

  return {
    async publish(messages) {
      if (messages.length === 0) return [];
      return run('publish', (session) => {
        // A reload may have changed queues that this connection has declared.
        if (queues.revision !== revision) session.forgetDeclarations();
        ({ revision } = queues);
        return publishMessages(session, messages, declareOptions, clock.now());
      });
    },

    async announce(messages, { declaredBySubscribers = false } = {}) {
      if (messages.length === 0) return;
      const declares = options.declareQueues && !declaredBySubscribers;
      await run('announce', (session) => announce(session, messages, declares));
    },

    close: () => cluster.close(),
  };
}
