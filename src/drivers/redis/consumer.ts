import { randomUUID } from 'node:crypto';
import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import { listKey } from './kombu.ts';
import { createPollingConsumer, LEASE } from '../polling/polling-consumer.ts';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import { connectReceiver } from './connection/connection.ts';
import { loadScript, type Script } from './scripts/script.ts';

const TAKE = loadScript('take-message');
const ACK = loadScript('acknowledge-message');
const REQUEUE = loadScript('requeue-message');
const RESTORE = loadScript('restore-messages');
const RENEW = loadScript('renew-messages');

/** The beginning of the tags of this consumer's deliveries; those of kombu are UUIDs. */
const TAG = 'beat-';

/**
 * Consumes kombu's lists, beside Celery's workers, with its hash of unacknowledged messages. It polls, because a blocking
 * command could not move a message in one step. Throws a `ConfigError` for an invalid URL.
 */
export function openRedisConsumer(options: ConsumerOptions): Consumer {
  const { transport, clock, from } = options;
  const connection = connectReceiver(options, 'worker', transport.socketTimeout ?? undefined);
  const prefix = transport.globalKeyprefix;
  const unacked = [`${prefix}unacked`, `${prefix}unacked_index`] as const;
  // As in kombu, all queues at their first priority come before the next priority.
  const lists = transport.prioritySteps.flatMap((step) =>
    from.map((queue) => ({ queue, key: prefix + listKey(queue, step, transport) })),
  );
  const run = <T>(operation: string, script: Script, keys: readonly string[], args: readonly string[]) =>
    connection.runScript<T>(`consumer.${operation}`, script, keys, args);
  const queues = {
    async take() {
      const id = `${TAG}${randomUUID()}`;
      const keys = [...unacked, ...lists.map(({ key }) => key)];
      const args = [id, ...lists.map(({ queue }) => JSON.stringify(queue))];
      const reply = await run<[envelope: string, position: number] | null>('receive', TAKE, keys, args);
      if (!reply) return null;
      const [envelope, position] = reply;
      return { id, queue: lists[position - 1]!.queue, message: decodeEnvelope(envelope) };
    },
    ack: async (tag: string) => (await run('ack', ACK, unacked, [tag])) === 1,
    requeue: async (tag: string) => void (await run('requeue', REQUEUE, unacked, [tag, prefix])),
    renew: async (open: readonly string[]) => void (await run('renew', RENEW, [unacked[1]], open)),
    restore: async () => void (await run('restore', RESTORE, unacked, [String(LEASE / 1_000), prefix, TAG])),
    close: () => connection.close(),
  };
  return createPollingConsumer(queues, clock);
}
