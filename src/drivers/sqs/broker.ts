import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import type { Broker, BrokerOptions } from '../../contracts/broker/broker.ts';
import { NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Message } from '../../celery/message/message.ts';
import { delayOf, encodeSqsBody, isFifo, MAX_MESSAGE } from '../../celery/kombu/sqs.ts';
import { pauseAfter } from '../../util/backoff.ts';
import { StoreError } from '../../util/errors.ts';
import { isTransient, RejectedError } from './errors.ts';
import { runTasks } from './run-tasks.ts';
import { createSession, type SqsQueue } from './session.ts';

/** The most messages of a request. */
const MAX_BATCH = 10;

/** How often beat sends a message that SQS did not accept for reasons of its own. The SDK repeats whole requests. */
const ATTEMPTS = 4;

/** The pause after the first of these attempts, and the longest. Milliseconds. */
const FIRST_PAUSE = 100;
const MAX_PAUSE = 2_000;

/** A message for one of its queues. */
interface Sending {
  readonly message: Message;
  readonly entry: Omit<SendMessageBatchRequestEntry, 'Id'>;
}

type Reject = (message: Message, reason: string) => void;

/** Opens a broker in Amazon SQS. Throws a `ConfigError` for an invalid URL. */
export function openSqsBroker(options: BrokerOptions): Broker {
  const { queues, transport, clock } = options;
  const session = createSession('broker', options);
  const closing = new AbortController();

  /** Sends a batch, and again what SQS could not accept. Rejects with a `RejectedError` if SQS rejects it as a whole. */
  const send = async (queue: SqsQueue, batch: readonly Sending[], reject: Reject): Promise<void> => {
    let left = batch;
    for (let attempt = 1; ; attempt++) {
      const Entries = left.map(({ entry }, i) => ({ ...entry, Id: String(i) }));
      const command = new SendMessageBatchCommand({ QueueUrl: queue.url, Entries });
      const request = () => queue.client.send(command);
      const { Successful = [], Failed = [] } = await session.run('publish', queue.name, 'sqs:SendMessage', request);
      const answered = new Set(Successful.map(({ Id }) => Id));
      let reason = 'SQS did not confirm them';
      for (const { Id, SenderFault = false, Code = '', Message: text = '' } of Failed) {
        if (isTransient(Code, SenderFault)) reason = `${Code}: ${text}`;
        else if (!answered.has(Id)) reject(left[Number(Id)]!.message, `SQS rejected it: ${Code}: ${text}`);
        if (!isTransient(Code, SenderFault)) answered.add(Id);
      }
      left = left.filter((_, i) => !answered.has(String(i)));
      if (left.length === 0) return;
      if (attempt === ATTEMPTS) {
        const text = `broker.publish: SQS did not accept ${left.length} messages for queue "${queue.name}": ${reason}`;
        throw new StoreError(text, { unreachable: { server: 'SQS', reason } });
      }
      await clock.sleep(pauseAfter(attempt, FIRST_PAUSE, MAX_PAUSE, Math.random), closing.signal);
    }
  };

  /** Publishes a batch; if SQS rejects it as a whole, by halves, so that only the reason for that is rejected. */
  const publishBatch = async (name: string, batch: readonly Sending[], reject: Reject, isAgain = false) => {
    const rejectAll = ({ message: reason }: Error): null => {
      for (const { message } of batch) reject(message, reason);
      return null;
    };
    const queue = await session.find('publish', name).catch(whenRejected(rejectAll));
    await (queue && send(queue, batch, reject))?.catch(
      whenRejected(async (error) => {
        // The queue was deleted after beat had found it.
        if (error.isMissing && !isAgain) return publishBatch(name, batch, reject, true);
        if (error.isOfQueue || batch.length === 1) return rejectAll(error);
        const half = Math.ceil(batch.length / 2);
        await publishBatch(name, batch.slice(0, half), reject);
        await publishBatch(name, batch.slice(half), reject);
      }),
    );
  };

  return {
    async publish(messages) {
      const reasons = new Map<Message, string>();
      const reject: Reject = (message, reason) => void reasons.set(message, reason);
      const sendings = messages.flatMap((message) => {
        const found = queues.queuesFor(message.destination);
        if (found.length === 0) reject(message, NO_QUEUE_BOUND);
        return found.map(({ name }) => ({ name, message }));
      });
      const byQueue = [...Map.groupBy(sendings, ({ name }) => name)];
      const tasks: (() => Promise<void>)[] = [];
      const prepare = async (name: string, all: readonly Message[]) => {
        const rejectAll = (error: Error) => {
          for (const message of all) reject(message, error.message);
        };
        if (!(await session.find('publish', name).catch(whenRejected(rejectAll)))) return;
        const batches = pack(
          all.map((message) => toSending(message, name, transport.sqs.base64)),
          reject,
        );
        const publishing = batches.map((batch) => () => publishBatch(name, batch, reject));
        // A FIFO queue has the order in which SQS receives its messages; other queues have none.
        if (isFifo(name)) tasks.push(() => inTurn(publishing));
        else tasks.push(...publishing);
      };
      await runTasks(
        byQueue.map(
          ([name, each]) =>
            () =>
              prepare(
                name,
                each.map(({ message }) => message),
              ),
        ),
      );
      await runTasks(tasks);
      return Array.from(reasons, ([message, reason]) => ({ message, reason }));
    },
    // kombu has fanout exchanges only through SNS, and sends no events.
    announce: async () => {},
    async close() {
      closing.abort();
      session.close();
    },
  };
}

/** For `catch`: handles a `RejectedError`, and throws any other error. */
function whenRejected<T>(handle: (error: RejectedError) => T): (error: unknown) => T {
  return (error) => {
    if (!(error instanceof RejectedError)) throw error;
    return handle(error);
  };
}

async function inTurn(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  for (const task of tasks) await task();
}

/** The request of a message, as kombu makes it. A FIFO queue drops a repeat with the same task id for five minutes. */
function toSending(message: Message, name: string, base64: boolean): Sending {
  const { MessageGroupId, MessageDeduplicationId } = message.properties;
  const MessageBody = encodeSqsBody(message, randomUUID(), base64);
  if (isFifo(name)) {
    const ids = {
      MessageGroupId: MessageGroupId ?? 'default',
      MessageDeduplicationId: MessageDeduplicationId ?? message.taskId,
    };
    return { message, entry: { MessageBody, ...ids } };
  }
  const DelaySeconds = delayOf(message.properties);
  const more = {
    ...(DelaySeconds !== null && { DelaySeconds }),
    ...(MessageGroupId !== undefined && { MessageGroupId }),
  };
  return { message, entry: { MessageBody, ...more } };
}

/** Divides messages into batches that SQS accepts, and rejects those that no batch can hold. */
function pack(sendings: readonly Sending[], reject: Reject): Sending[][] {
  const batches: Sending[][] = [];
  let bytes = Infinity;
  for (const sending of sendings) {
    const size = Buffer.byteLength(sending.entry.MessageBody!);
    if (size > MAX_MESSAGE) {
      const kib = Math.ceil(size / 1_024);
      reject(
        sending.message,
        `it has ${kib} KiB as a message of SQS, which accepts ${MAX_MESSAGE / 1_024}; send less, or compress it`,
      );
      continue;
    }
    bytes += size;
    if (bytes > MAX_MESSAGE || batches.at(-1)!.length === MAX_BATCH) {
      batches.push([]);
      bytes = size;
    }
    batches.at(-1)!.push(sending);
  }
  return batches;
}
