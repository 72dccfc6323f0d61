import { hash, randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { queuesBound } from '../../celery/kombu/bindings.ts';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import { explainFileName } from '../../celery/kombu/file-name.ts';
import { NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Broker, BrokerOptions, Rejection } from '../../contracts/broker/broker.ts';
import { parseJson } from '../../util/decode/json.ts';
import { StoreError, describeError } from '../../util/errors.ts';
import { sinceBoot } from '../../util/system-clock.ts';

/** Messages that are written at once. */
const BATCH = 32;

/** The longest file of bindings that is read. Bytes. */
const MAX_BINDINGS = 4 * 1_024 * 1_024;

/** Separates the fields of a binding, as no name contains it. */
const SEP = '\0';

/**
 * Publishes into the folder of kombu's file system transport, one file for each message and queue, and follows the
 * bindings in its control folder. A file appears whole and is on the disk before `publish` resolves; kombu's own
 * producer writes files that a worker may read before they are complete.
 */
export function openFilesystemBroker({ queues, transport }: BrokerOptions): Broker {
  const { dataFolderOut: folder, controlFolder } = transport;

  const boundTo = async (message: Message): Promise<readonly string[]> => {
    const { exchange, exchangeType, routingKey } = message.destination;
    if (exchange === '') return [routingKey];
    const bindings = await readBindings(join(controlFolder, `${exchange}.exchange`));
    const bound =
      exchangeType === 'fanout'
        ? bindings.map(([, , queue = '']) => queue)
        : queuesBound(
            bindings.map((binding) => binding.join(SEP)),
            routingKey,
            SEP,
          );
    return [...new Set([...queues.queuesFor(message.destination).map(({ name }) => name), ...bound])];
  };

  /** Writes a file that no worker sees yet, and returns what shows it to workers. */
  const draft = async (message: Message, queue: string): Promise<() => Promise<void>> => {
    // The outbox repeats a message under its id, so the next attempt replaces what a crash has left.
    const hidden = join(folder, `.${hash('sha1', `${message.taskId} ${queue}`)}.draft`);
    const id = randomUUID();
    const file = await open(hidden, 'w');
    try {
      await file.writeFile(encodeEnvelope(message, id));
      await file.sync();
    } finally {
      await file.close();
    }
    return () => rename(hidden, join(folder, `${nextPosition()}-${id}.${queue}.msg`));
  };

  /** Returns what shows the files of a message to workers, or why it has none. */
  const prepare = async (message: Message, isEvent: boolean): Promise<(() => Promise<void>)[] | Rejection> => {
    const { exchange } = message.destination;
    if (exchange.includes('/')) return { message, reason: `exchange ${JSON.stringify(exchange)} cannot name a file` };
    const receivers = await boundTo(message);
    if (receivers.length === 0 && !isEvent) return { message, reason: NO_QUEUE_BOUND };
    for (const queue of receivers) {
      const unusable = explainFileName(queue);
      if (unusable !== null) return { message, reason: `queue ${JSON.stringify(queue)} ${unusable}` };
    }
    return Promise.all(receivers.map((queue) => draft(message, queue)));
  };

  const publishAll = async (operation: string, messages: readonly Message[]): Promise<readonly Rejection[]> => {
    const rejections: Rejection[] = [];
    try {
      for (let from = 0; from < messages.length; from += BATCH) {
        const batch = messages.slice(from, from + BATCH);
        const prepared = await Promise.all(batch.map((message) => prepare(message, operation === 'announce')));
        for (const each of prepared) {
          if (!Array.isArray(each)) rejections.push(each);
          else for (const show of each) await show();
        }
      }
      if (messages.length > 0) await syncFolder(folder);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`broker.${operation}: ${explain(error, folder)}`, { cause: error });
    }
    return rejections;
  };

  return {
    publish: (messages) => publishAll('publish', messages),
    async announce(messages) {
      await publishAll('announce', messages);
    },
    async close() {},
  };
}

/** Routing key, pattern and queue of each binding that workers have stored; none of an exchange without a file. */
async function readBindings(path: string): Promise<readonly (readonly string[])[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const bindings = parseJson(text, MAX_BINDINGS);
  return Array.isArray(bindings) ? bindings.filter((each) => Array.isArray(each)).map((each) => each.map(String)) : [];
}

let published = 0;

/** Workers read files in the order of their names, which begin with the milliseconds since the host was started. */
function nextPosition(): string {
  published += 1;
  return `${sinceBoot()}_${String(published).padStart(12, '0')}`;
}

/** A renamed file is durable only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function explain(error: unknown, folder: string): string {
  if (!isMissing(error)) return describeError(error);
  return `there is no folder ${JSON.stringify(folder)}; create it, or set dataFolderOut in brokerTransportOptions`;
}
