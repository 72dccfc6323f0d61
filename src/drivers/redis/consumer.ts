import { randomUUID } from 'node:crypto';
import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import { listKey } from './kombu.ts';
import { LEASE, PollingConsumer, type PolledQueues, type TakenMessage } from '../polling/polling-consumer.ts';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import { Connection } from './connection/connection.ts';
import { loadScript, run, type Script } from './scripts/script.ts';

const TAKE = loadScript('take-message');
const ACK = loadScript('acknowledge-message');
const REQUEUE = loadScript('requeue-message');
const RESTORE = loadScript('restore-messages');
const RENEW = loadScript('renew-messages');

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
  return new PollingConsumer(new RedisQueues(connection, prefix, lists), clock);
}

interface List {
  readonly queue: string;
  readonly key: string;
}

/** kombu's lists and its hash of unacknowledged messages. A blocking command could not move a message in one step. */
class RedisQueues implements PolledQueues<string> {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #lists: readonly List[];
  readonly #unacked: readonly [hash: string, index: string];

  /** `prefix` is the prefix of all keys. */
  constructor(connection: Connection, prefix: string, lists: readonly List[]) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#lists = lists;
    this.#unacked = [`${prefix}unacked`, `${prefix}unacked_index`];
  }

  async take(): Promise<TakenMessage<string> | null> {
    const id = `${TAG}${randomUUID()}`;
    const keys = this.#lists.map(({ key }) => key);
    const queues = this.#lists.map(({ queue }) => JSON.stringify(queue));
    const reply = await this.#run('receive', TAKE, [...this.#unacked, ...keys], [id, ...queues]);
    if (!reply) return null;
    const [envelope, position] = reply as [string, number];
    return { id, queue: this.#lists[position - 1]!.queue, message: decodeEnvelope(envelope) };
  }

  async ack(tag: string): Promise<boolean> {
    return (await this.#run('ack', ACK, this.#unacked, [tag])) === 1;
  }

  async requeue(tag: string): Promise<void> {
    await this.#run('requeue', REQUEUE, this.#unacked, [tag, this.#prefix]);
  }

  async renew(open: readonly string[]): Promise<void> {
    await this.#run('renew', RENEW, [this.#unacked[1]], open);
  }

  async restore(): Promise<void> {
    const args = [String(LEASE / 1_000), this.#prefix, TAG];
    await this.#run('restore', RESTORE, this.#unacked, args);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #run(operation: string, script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#connection.run(`consumer.${operation}`, (client) => run(client, script, keys, args));
  }
}
