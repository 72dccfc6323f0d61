import { CreateQueueCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { isFifo, toSqsName } from '../../celery/kombu/sqs.ts';
import type { ReceiverOptions } from '../../contracts/broker/connection-settings.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { createMasker } from '../../util/mask.ts';
import { isMissingQueue, RejectedError, toBrokerError } from './errors.ts';
import { parseSqsUrl } from './url.ts';

/** How long beat waits for an answer of SQS. Milliseconds. */
export const ANSWER_TIMEOUT = 10_000;

/** The queues whose URLs are kept: names of queues may be computed for each run. */
const MAX_QUEUES = 1_000;

/** The region of an emulator, as in kombu. */
const EMULATED_REGION = 'us-east-1';

/** The SDK would print warnings to the console. */
const ignore = () => {};
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A queue of SQS, with the client of its region and credentials. */
export interface SqsQueue {
  readonly name: string;
  readonly url: string;
  readonly client: SQSClient;
}

/**
 * Finds and creates queues, and sends requests. `role` begins error messages: `broker` or `consumer`. Throws a
 * `ConfigError` for an invalid URL.
 */
export function createSession(role: string, { server, transport, connection, declareQueues }: SessionOptions) {
  const { sqs } = transport;
  const { endpoint, credentials } = parseSqsUrl(server, sqs.isSecure);
  const predefined = sqs.predefinedQueues;
  const secrets = Object.values(predefined ?? {}).map(({ secretAccessKey }) => secretAccessKey);
  const mask = createMasker([server.url], secrets);
  const clients = new Map<string, SQSClient>();
  const queues = new Map<string, Promise<SqsQueue>>();

  const openClient = (name: string): SQSClient => {
    const { accessKeyId, secretAccessKey, region = sqs.region } = predefined?.[name] ?? {};
    const own = accessKeyId !== undefined && secretAccessKey !== undefined && { accessKeyId, secretAccessKey };
    const given = { region: region ?? (endpoint && EMULATED_REGION), endpoint, credentials: own || credentials };
    const key = JSON.stringify(given);
    const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
    const client =
      clients.get(key) ??
      new SQSClient({
        ...present,
        requestHandler: {
          connectionTimeout: connection.timeout,
          requestTimeout: ANSWER_TIMEOUT,
          throwOnRequestTimeout: true,
        },
        logger: SILENT,
      });
    clients.set(key, client);
    return client;
  };

  /** Runs a request to SQS. Rejects with a `RejectedError` or a `StoreError`; `right` is that of IAM. */
  const run = async <T>(operation: string, name: string, right: string, request: () => Promise<T>): Promise<T> => {
    try {
      return await request();
    } catch (error) {
      if (isMissingQueue(error)) queues.delete(name);
      const isOwn = predefined?.[name]?.accessKeyId !== undefined;
      throw toBrokerError(error as Error, `${role}.${operation}`, { right, place: server.masked, isOwn, mask });
    }
  };

  const findUrl = async (operation: string, name: string, client: SQSClient): Promise<string | undefined> => {
    if (predefined) {
      const found = Object.hasOwn(predefined, name) ? predefined[name] : undefined;
      if (found) return found.url;
      throw new RejectedError(
        `predefined_queues has no "${name}"${didYouMean(name, Object.keys(predefined))}`,
        'queue',
      );
    }
    const find = async () => {
      try {
        return (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
      } catch (error) {
        if (declareQueues && isMissingQueue(error)) return undefined;
        throw error;
      }
    };
    const url = await run(operation, name, 'sqs:GetQueueUrl', find);
    if (url !== undefined) return url;
    const Attributes = {
      VisibilityTimeout: String(sqs.visibilityTimeout),
      ...(isFifo(name) && { FifoQueue: 'true' }),
      ...sqs.creationAttributes,
    };
    const hasTags = Object.keys(sqs.queueTags).length > 0;
    const create = new CreateQueueCommand({ QueueName: name, Attributes, ...(hasTags && { tags: sqs.queueTags }) });
    const right = hasTags ? 'sqs:CreateQueue and sqs:TagQueue' : 'sqs:CreateQueue';
    return (await run(operation, name, right, () => client.send(create))).QueueUrl;
  };

  return {
    run,

    /** Finds a queue by its name in Celery, or creates it as kombu does. Rejects as `run` does. */
    async find(operation: string, queue: string): Promise<SqsQueue> {
      const name = toSqsName(queue, sqs.queueNamePrefix);
      const open = async () => {
        const client = openClient(name);
        const url = await findUrl(operation, name, client);
        if (url === undefined) throw new RejectedError('SQS named no URL of this queue', 'queue');
        return { name, url, client };
      };
      const finding = queues.get(name) ?? open();
      if (queues.size === MAX_QUEUES) queues.clear();
      queues.set(name, finding);
      finding.catch(() => queues.delete(name));
      return finding;
    },

    close(): void {
      for (const client of clients.values()) client.destroy();
    },
  };
}

interface SessionOptions extends ReceiverOptions {
  readonly declareQueues: boolean;
}
