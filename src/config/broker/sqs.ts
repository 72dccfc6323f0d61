import { z } from 'zod';
import {
  MAX_DELAY,
  MAX_MESSAGE,
  OLD_MAX_MESSAGE,
  delayOf,
  isFifo,
  sqsNameError,
  toSqsName,
} from '../../celery/kombu/sqs.ts';
import type { MessageOptions } from '../../celery/message/message.ts';
import { hasTemplate } from '../../celery/message/template.ts';
import { DEFAULT_SQS, type SqsOptions } from '../../contracts/broker/connection-settings.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { withoutAbsent } from '../../util/keys.ts';
import type { Path, Report } from '../validate.ts';
import {
  ignored,
  MAP,
  mapOf,
  name,
  option,
  parseDuration,
  required,
  type ShapeOutput,
  whole,
} from '../values/option.ts';

const TEXTS = 'a map of texts';
const texts = () => z.record(z.string(), z.union([z.string(), z.number(), z.boolean()], TEXTS), TEXTS);
const toTexts = (map: z.output<ReturnType<typeof texts>> | undefined) =>
  map && Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));

const predefinedQueue = mapOf(
  'PredefinedQueueConfig',
  {
    url: required(name(), 'The URL of the queue.', {
      example: 'https://sqs.eu-west-1.amazonaws.com/123456789012/celery',
    }),
    accessKeyId: option.nonEmpty('Access key for this queue.', { otherwise: 'that of the broker', example: 'AKIA…' }),
    secretAccessKey: option.nonEmpty('Secret key for this queue.', { example: 'secret' }),
    region: option.nonEmpty('Region of this queue.', { otherwise: '`region`', example: 'eu-west-1' }),
    backoffPolicy: ignored(),
    backoffTasks: ignored(),
  },
  { description: 'A queue of SQS that exists.' },
);

/** The options of kombu's transport for SQS; those with `-` have the spelling of kombu alone. */
export const sqsShape = {
  region: option.nonEmpty('SQS: the region.', {
    otherwise: "the environment variable `AWS_REGION`, or AWS's configuration file",
    example: 'eu-west-1',
  }),
  isSecure: option.flag('SQS: whether an emulator, which the URL names, is reached over TLS.', {
    default: DEFAULT_SQS.isSecure,
  }),
  queueNamePrefix: option.text("SQS: the beginning of every queue's name.", {
    default: DEFAULT_SQS.queueNamePrefix,
    example: 'shop-',
  }),
  predefinedQueues: option(
    z.record(name(), predefinedQueue, MAP),
    'SQS: the only queues, by name in SQS; beat then neither searches nor creates queues.',
    { example: { celery: { url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/celery' } } },
  ),
  'sqs-creation-attributes': option(texts(), 'SQS: attributes of the queues that beat creates.', {
    default: DEFAULT_SQS.creationAttributes,
    example: { KmsMasterKeyId: 'alias/aws/sqs' },
  }),
  queueTags: option(texts(), 'SQS: tags of the queues that beat creates.', {
    default: DEFAULT_SQS.queueTags,
    example: { team: 'shop' },
  }),
  sqsBase64Encoding: option.flag('SQS: whether messages are base64; otherwise they are JSON.', {
    default: DEFAULT_SQS.base64,
  }),
  visibilityTimeout: option.duration('SQS: the visibility timeout of the queues that beat creates, in whole seconds.', {
    default: DEFAULT_SQS.visibilityTimeout,
    example: '1h',
  }),
  waitTimeSeconds: option(whole(0, 20), 'SQS: how long one request of `beat worker` waits for a message.', {
    unit: 'seconds',
    default: DEFAULT_SQS.waitTime,
    example: 20,
  }),
  // They are for consumers and for SNS.
  supportsFanout: ignored(),
  predefinedExchanges: ignored(),
  fetchMessageAttributes: ignored(),
  'client-config': ignored(),
};

export function readSqs(input: ShapeOutput<typeof sqsShape>): SqsOptions {
  const timeout = parseDuration(input.visibilityTimeout);
  const given = {
    region: input.region,
    isSecure: input.isSecure,
    queueNamePrefix: input.queueNamePrefix,
    // kombu takes an empty map for none.
    predefinedQueues: Object.keys(input.predefinedQueues ?? {}).length > 0 ? input.predefinedQueues : undefined,
    creationAttributes: toTexts(input['sqs-creation-attributes']),
    queueTags: toTexts(input.queueTags),
    base64: input.sqsBase64Encoding,
    visibilityTimeout: timeout === null ? undefined : Math.floor(timeout / 1_000),
    waitTime: input.waitTimeSeconds,
  };
  return { ...DEFAULT_SQS, ...withoutAbsent(given) };
}

/** The longest visibility timeout: twelve hours, in seconds. */
const MAX_VISIBILITY = 43_200;

/** Reports options that SQS or kombu would reject. */
export function checkSqs(sqs: SqsOptions, report: Report): void {
  const pathTo = (...path: readonly string[]) => ['brokerTransportOptions', ...path];
  if (sqs.visibilityTimeout > MAX_VISIBILITY) {
    report(pathTo('visibilityTimeout'), `is ${sqs.visibilityTimeout} s; SQS allows ${MAX_VISIBILITY} s, twelve hours`);
  }
  for (const [queue, { url, accessKeyId, secretAccessKey }] of Object.entries(sqs.predefinedQueues ?? {})) {
    const path = pathTo('predefinedQueues', queue);
    if (!URL.canParse(url)) report([...path, 'url'], 'expected the URL of a queue, got text that is not a URL');
    else if (isFifo(url) !== isFifo(queue)) {
      report(path, `the name and the URL of a FIFO queue end with ".fifo", and those of no other; its URL is ${url}`);
    }
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
      report(path, 'accessKeyId and secretAccessKey belong together; set both, or none for those of the broker');
    }
  }
}

/** What of a task SQS's limits concern. */
interface SqsTask {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: MessageOptions;
  readonly compute?: unknown;
}

/** Reports what SQS cannot carry. `queues` are the queues that receive the task, each with the path of its name. */
export function checkSqsTask(
  task: SqsTask,
  queues: readonly (readonly [path: Path, queue: string])[],
  sqs: SqsOptions,
  report: Report,
  warn: Report,
): void {
  const { taskId, properties = {} } = task.options;
  for (const [path, queue] of queues) {
    const its = path.length > 0 ? '' : 'its queue ';
    const name = toSqsName(queue, sqs.queueNamePrefix);
    const known = Object.keys(sqs.predefinedQueues ?? {});
    const error = sqsNameError(name);
    if (known.length > 0 && !known.includes(name)) {
      report(path, `${its}is "${name}" in SQS, which predefinedQueues does not have${didYouMean(name, known)}`);
    } else if (error !== null) report(path, its + error);
    else if (sqs.creationAttributes['FifoQueue'] === 'true' && !isFifo(name)) {
      report(
        path,
        `${its}is "${name}" in SQS, where sqs-creation-attributes make it a FIFO queue; its name must end with ".fifo"`,
      );
    }
    if (!isFifo(name)) continue;
    const fixed = taskId !== undefined && !hasTemplate(taskId) ? 'taskId' : 'MessageDeduplicationId';
    if (fixed === 'taskId' || properties.MessageDeduplicationId !== undefined) {
      warn(
        ['options', fixed],
        `a FIFO queue of SQS drops all but the first of the runs with the same ${fixed} in five minutes`,
      );
    }
    if (delayOf(properties) !== null) {
      warn(['options', 'DelaySeconds'], 'ignored: FIFO queues of SQS have no delay of one message');
    }
  }
  const delay = properties.delay_seconds ?? properties.DelaySeconds ?? 0;
  if (delay > MAX_DELAY) warn(['options', 'DelaySeconds'], `SQS delays a message by ${MAX_DELAY} s at most`);
  checkSize(task, sqs, report, warn);
}

/** Reports arguments that are longer than a message. */
function checkSize({ args, kwargs, options, compute }: SqsTask, sqs: SqsOptions, report: Report, warn: Report): void {
  if (compute || options.compression !== undefined) return;
  let json: string;
  try {
    json = JSON.stringify([args, kwargs]);
  } catch {
    return;
  }
  // kombu writes the body of an envelope as base64, and then the envelope.
  const size = Math.ceil((Buffer.byteLength(json) * 4) / 3) * (sqs.base64 ? 4 / 3 : 1);
  const limit = Math.min(
    Number(sqs.creationAttributes['MaximumMessageSize'] ?? MAX_MESSAGE) || MAX_MESSAGE,
    MAX_MESSAGE,
  );
  const text = `take ${Math.ceil(size / 1_024)} KiB of a message of SQS`;
  if (size > limit)
    report(
      ['args'],
      `args and kwargs ${text}, which has ${limit / 1_024} KiB at most; compress them, or send a reference`,
    );
  else if (size > OLD_MAX_MESSAGE)
    warn(['args'], `args and kwargs ${text}; queues from before August 2025 accept ${OLD_MAX_MESSAGE / 1_024}`);
}
