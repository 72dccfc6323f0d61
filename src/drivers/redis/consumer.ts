import { randomUUID } from 'node:crypto';
import type { Consumer, ConsumerOptions, Delivery } from '../../broker/consumer.ts';
import { listKey } from '../../broker/kombu.ts';
import { LEASE, LeaseRenewal } from '../../broker/lease-renewal.ts';
import { decodeEnvelope } from '../../broker/received-message.ts';
import type { Clock } from '../../util/clock.ts';
import { Connection } from './connection.ts';
import { ACK, RENEW, REQUEUE, RESTORE, TAKE } from './consumer-scripts.ts';
import { run, type Script } from './script.ts';

/** How often an idle consumer polls. A blocking command could not move a message in one step. Milliseconds. */
const POLL_INTERVAL = 200;

/** How often messages of dead consumers are searched. Milliseconds. */
const RESTORE_INTERVAL = 10_000;

/** Milliseconds until a command without an answer fails. */
const TIMEOUT = 5_000;

/** The beginning of the tags of this consumer's deliveries; those of kombu are UUIDs. */
const TAG = 'beat-';

/** Consumes kombu's lists, beside Celery's workers. Throws a `ConfigError` for an invalid URL. */
export function openRedisConsumer(options: ConsumerOptions): Consumer {
  const { server, transport, connection: settings, clock, from } = options;
  const name = `${transport.clientName ?? 'beat'}-worker`;
  const timeout = transport.socketTimeout ?? TIMEOUT;
  const connection = new Connection({ server, transport, tls: settings.tls, name, timeout });
  const prefix = transport.globalKeyprefix;
  // As in kombu, all queues at their first priority come before the next priority.
  const lists = transport.prioritySteps.flatMap((step) =>
    from.map((queue) => ({ queue, key: prefix + listKey(queue, step, transport) })),
  );
  return new RedisConsumer(connection, { prefix, lists, clock });
}

interface Lists {
  /** The prefix of all keys. */
  readonly prefix: string;
  readonly lists: readonly { readonly queue: string; readonly key: string }[];
  readonly clock: Clock;
}

class RedisConsumer implements Consumer {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #lists: Lists['lists'];
  readonly #unacked: readonly [hash: string, index: string];
  readonly #leases: LeaseRenewal<string>;
  /** On the monotonic clock. */
  #restoreAt = -Infinity;

  constructor(connection: Connection, { prefix, lists, clock }: Lists) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#lists = lists;
    this.#unacked = [`${prefix}unacked`, `${prefix}unacked_index`];
    this.#leases = new LeaseRenewal((open) => this.#renew(open), clock);
  }

  async receive(signal: AbortSignal): Promise<Delivery | null> {
    while (!signal.aborted) {
      await this.#restore();
      const delivery = await this.#take();
      if (delivery) return delivery;
      await this.#clock.sleep(POLL_INTERVAL, signal);
    }
    return null;
  }

  async cancel(): Promise<void> {}

  async close(): Promise<void> {
    await this.#leases.close();
    await this.#connection.close();
  }

  async #take(): Promise<Delivery | null> {
    const tag = `${TAG}${randomUUID()}`;
    const keys = this.#lists.map(({ key }) => key);
    const queues = this.#lists.map(({ queue }) => JSON.stringify(queue));
    const args = [tag, ...queues];
    const reply = await this.#run('receive', TAKE, [...this.#unacked, ...keys], args);
    if (!reply) return null;
    const [envelope, position] = reply as [string, number];
    this.#leases.add(tag);
    return {
      queue: this.#lists[position - 1]!.queue,
      message: decodeEnvelope(envelope),
      ack: async () => {
        const removed = await this.#run('ack', ACK, this.#unacked, [tag]);
        this.#leases.delete(tag);
        return removed === 1;
      },
      requeue: async () => {
        await this.#run('requeue', REQUEUE, this.#unacked, [tag, this.#prefix]);
        this.#leases.delete(tag);
      },
    };
  }

  async #restore(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#restoreAt) return;
    const args = [String(LEASE / 1_000), this.#prefix, TAG];
    await this.#run('restore', RESTORE, this.#unacked, args);
    this.#restoreAt = now + RESTORE_INTERVAL;
  }

  async #renew(open: readonly string[]): Promise<void> {
    await this.#run('renew', RENEW, [this.#unacked[1]], open);
  }

  #run(
    operation: string,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    return this.#connection.run(`consumer.${operation}`, (client) =>
      run(client, script, keys, args),
    );
  }
}
