import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
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

/** The age from which a draft belongs to no running process. Milliseconds. */
const OLD = 60 * 60 * 1_000;

/** Routing key, pattern and queue of each binding of an exchange that workers have stored. */
type Bindings = readonly (readonly string[])[];

/**
 * Publishes into the folder of kombu's file system transport, one file for each message and queue, and follows the
 * bindings in its control folder. A file appears whole and is on the disk before `publish` resolves; kombu's own
 * producer writes files that a worker may read before they are complete.
 */
export function openFilesystemBroker({ queues, transport, clock }: BrokerOptions): Broker {
  const { dataFolderOut: folder, controlFolder } = transport;
  /** Workers look for files, and ignore this folder. */
  const drafts = join(folder, '.drafts');

  const receivers = ({ destination }: Message, bindings: Bindings): readonly string[] => {
    const { exchange, exchangeType, routingKey } = destination;
    if (exchange === '') return [routingKey];
    const members = bindings.map((binding) => binding.join(SEP));
    const bound =
      exchangeType === 'fanout' ? bindings.map(([, , queue = '']) => queue) : queuesBound(members, routingKey, SEP);
    return [...new Set([...queues.queuesFor(destination).map(({ name }) => name), ...bound])];
  };

  /** Writes a file that no worker sees yet, and returns what shows it to workers. Its name is its own: see `OLD`. */
  const draft = async (message: Message, queue: string): Promise<() => Promise<void>> => {
    const id = randomUUID();
    const hidden = join(drafts, id);
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
  const prepare = async (
    message: Message,
    bindings: Bindings,
    isEvent: boolean,
  ): Promise<(() => Promise<void>)[] | Rejection> => {
    const found = receivers(message, bindings);
    if (found.length === 0 && !isEvent) return { message, reason: NO_QUEUE_BOUND };
    for (const queue of found) {
      const unusable = explainFileName(queue);
      if (unusable !== null) return { message, reason: `queue ${JSON.stringify(queue)} ${unusable}` };
    }
    return Promise.all(found.map((queue) => draft(message, queue)));
  };

  /** Publishes messages, and resolves with the rejected ones. */
  const publish = async (messages: readonly Message[], isEvent: boolean): Promise<readonly Rejection[]> => {
    const rejections: Rejection[] = [];
    await tidyDrafts(drafts, clock.now() - OLD);
    const exchanges = new Map<string, Bindings>([['', []]]);
    for (const { destination } of messages) {
      const { exchange } = destination;
      if (exchanges.has(exchange)) continue;
      // No worker has bound such an exchange, because kombu rejects its name as a part of a path.
      exchanges.set(
        exchange,
        exchange.includes('/') ? [] : await readBindings(join(controlFolder, `${exchange}.exchange`)),
      );
    }
    for (let from = 0; from < messages.length; from += BATCH) {
      const batch = messages.slice(from, from + BATCH);
      const prepared = await Promise.all(
        batch.map((message) => prepare(message, exchanges.get(message.destination.exchange)!, isEvent)),
      );
      for (const each of prepared) {
        if (!Array.isArray(each)) rejections.push(each);
        else for (const show of each) await show();
      }
    }
    await syncFolder(folder);
    return rejections;
  };

  const run = async (operation: string, messages: readonly Message[]): Promise<readonly Rejection[]> => {
    if (messages.length === 0) return [];
    try {
      return await publish(messages, operation === 'announce');
    } catch (error) {
      const text = isMissing(error)
        ? `there is no folder ${JSON.stringify(folder)}; create it, or set dataFolderOut in brokerTransportOptions`
        : describeError(error);
      throw new StoreError(`broker.${operation}: ${text}`, { cause: error });
    }
  };

  return {
    publish: (messages) => run('publish', messages),
    async announce(messages) {
      await run('announce', messages);
    },
    async close() {},
  };
}

/** Makes the folder of drafts, and removes those that processes left when they were killed. */
async function tidyDrafts(drafts: string, before: number): Promise<void> {
  await mkdir(drafts).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
  for (const name of await readdir(drafts)) {
    const path = join(drafts, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < before) await rm(path, { force: true });
  }
}

/** The bindings of an exchange; none if it has no file. */
async function readBindings(path: string): Promise<Bindings> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BINDINGS) throw new Error(`it has ${size} bytes; ${MAX_BINDINGS} are allowed`);
    const bindings = parseJson(await readFile(path, 'utf8'), MAX_BINDINGS);
    if (!Array.isArray(bindings)) throw new Error('it is not a list');
    return bindings.filter((each) => Array.isArray(each)).map((each) => each.map(String));
  } catch (error) {
    if (isMissing(error)) return [];
    throw new Error(`the bindings in ${path} cannot be read: ${describeError(error)}`, { cause: error });
  }
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
  return hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
