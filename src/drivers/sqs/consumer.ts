import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import { decodeSqsBody } from '../../celery/kombu/sqs.ts';
import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import { StoreError } from '../../util/errors.ts';
import { createPollingConsumer, LEASE, type PolledQueues } from '../polling/polling-consumer.ts';
import { RejectedError } from './errors.ts';
import { ANSWER_TIMEOUT, createSession, type SqsQueue } from './session.ts';

/** How long one of several queues is asked before the next one. Seconds. */
const TURN = 1;

const VisibilityTimeout = LEASE / 1_000;

/** A delivery, which its receipt handle identifies. */
interface Receipt {
  readonly queue: SqsQueue;
  readonly ReceiptHandle: string;
}

/**
 * Consumes queues of SQS beside Celery's workers. SQS delivers a message again when its consumer stops extending its
 * visibility timeout, and after twelve hours in any case. Throws a `ConfigError` for an invalid URL.
 */
export function openSqsConsumer(options: ConsumerOptions): Consumer {
  const { from, clock, transport } = options;
  const session = createSession('consumer', options);
  const waitTime = from.length === 1 ? transport.sqs.waitTime : Math.min(TURN, transport.sqs.waitTime);
  let turn = 0;

  /** Runs a request about a queue. Rejects with a `StoreError`, also if SQS rejects the request. */
  const run = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      throw new StoreError(`consumer.${operation}: ${error.message}`, { cause: error });
    }
  };

  const receive = async (name: string, abortSignal: AbortSignal) => {
    const queue = await session.find('receive', name);
    const command = new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: waitTime, VisibilityTimeout });
    const requestTimeout = ANSWER_TIMEOUT + waitTime * 1_000;
    const request = async () => {
      try {
        return await queue.client.send(command, { abortSignal, requestTimeout });
      } catch (error) {
        if (abortSignal.aborted) return { Messages: [] };
        throw error;
      }
    };
    const { Messages: [found] = [] } = await session.run('receive', queue.name, 'sqs:ReceiveMessage', request);
    if (found?.ReceiptHandle === undefined) return null;
    const id: Receipt = { queue, ReceiptHandle: found.ReceiptHandle };
    return { id, queue: name, message: decodeEnvelope(decodeSqsBody(found.Body ?? '')) };
  };

  const changeVisibility = (operation: string, { queue, ReceiptHandle }: Receipt) => {
    const command = new ChangeMessageVisibilityCommand({ QueueUrl: queue.url, ReceiptHandle, VisibilityTimeout: 0 });
    const request = () => queue.client.send(command);
    return session.run(operation, queue.name, 'sqs:ChangeMessageVisibility', request);
  };

  const queues: PolledQueues<Receipt> = {
    /** Asks each queue once, beginning with another one each time, until one has a message. */
    take: (signal) =>
      run('receive', async () => {
        for (let i = 0; i < from.length && !signal.aborted; i++) {
          const taken = await receive(from[turn++ % from.length]!, signal);
          if (taken) return taken;
        }
        return null;
      }),
    async ack({ queue, ReceiptHandle }) {
      const command = new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle });
      try {
        await session.run('ack', queue.name, 'sqs:DeleteMessage', () => queue.client.send(command));
        return true;
      } catch (error) {
        // The receipt handle has expired: SQS delivers the message again.
        if (error instanceof RejectedError && !error.isOfQueue) return false;
        throw error;
      }
    },
    requeue: async (receipt) => {
      await changeVisibility('requeue', receipt).catch((error: unknown) => {
        if (!(error instanceof RejectedError)) throw error;
      });
    },
    async renew(open) {
      for (const [queue, receipts] of Map.groupBy(open, (receipt) => receipt.queue)) {
        const Entries = receipts.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle, VisibilityTimeout }));
        await queue.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }));
      }
    },
    // SQS does it by itself.
    restore: async () => {},
    close: async () => session.close(),
  };
  return createPollingConsumer(queues, clock);
}
