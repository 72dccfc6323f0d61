import { describe, expect, test } from 'vitest';
import { DEFAULT_SQS } from '../../../../src/contracts/broker/connection-settings.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { problemsOf } from '../support.ts';

const SQS = { broker_url: 'sqs://AKIA:secret@' };
const sqsOf = (options: object) =>
  resolveSettings({ ...SQS, broker_transport_options: options } as object).transport.sqs;
const withEntry = (entry: object, options: object = {}) => ({
  ...SQS,
  broker_transport_options: options,
  beat_schedule: { e: { task: 't', schedule: 60, ...entry } },
});
const warningsOf = (config: object) => resolveSettings(config).warnings.map(formatDiagnostic);
const PREDEFINED = { celery: { url: 'https://sqs.eu-west-1.amazonaws.com/1/celery' } };

describe('the options of SQS', () => {
  test('are those of kombu', () => {
    const url = 'https://sqs.eu-west-1.amazonaws.com/1/celery';
    const queue = { url, access_key_id: 'a', secret_access_key: 'b', region: 'r', backoff_policy: { 1: 10 } };
    const options = {
      region: 'eu-west-1',
      is_secure: true,
      queue_name_prefix: 'shop-',
      predefined_queues: { 'shop-celery': queue },
      'sqs-creation-attributes': { KmsMasterKeyId: 'alias/aws/sqs', DelaySeconds: 3 },
      queue_tags: { team: 'shop' },
      sqs_base64_encoding: false,
      visibility_timeout: 3600.7,
      wait_time_seconds: 20,
      'client-config': { connect_timeout: 5 },
    };
    expect(sqsOf(options)).toEqual({
      region: 'eu-west-1',
      isSecure: true,
      queueNamePrefix: 'shop-',
      predefinedQueues: {
        'shop-celery': { url, accessKeyId: 'a', secretAccessKey: 'b', region: 'r', backoffPolicy: { 1: 10 } },
      },
      creationAttributes: { KmsMasterKeyId: 'alias/aws/sqs', DelaySeconds: '3' },
      queueTags: { team: 'shop' },
      base64: false,
      visibilityTimeout: 3600,
      waitTime: 20,
    });
    expect(sqsOf({ predefined_queues: {} })).toEqual(DEFAULT_SQS);
  });

  test('the state is in a file unless stateUrl names another store', () => {
    expect(resolveSettings(SQS as object).state.url).toBe('sqla+sqlite:///beat.sqlite');
  });

  test.each([
    [{ visibility_timeout: '13h' }, 'visibility_timeout: is 46800 s; SQS allows 43200 s, twelve hours'],
    [{ wait_time_seconds: 21 }, 'wait_time_seconds: expected a whole number from 0 to 20, got 21'],
    [{ predefined_queues: { celery: {} } }, 'predefined_queues.celery.url: '],
    [{ predefined_queues: { celery: { url: 'x' } } }, 'expected the URL of a queue'],
    [
      { predefined_queues: { a: { url: 'https://h/a.fifo' } } },
      'the name and the URL of a FIFO queue end with ".fifo"',
    ],
    [
      { predefined_queues: { 'a.fifo': { url: 'https://h/a' } } },
      'the name and the URL of a FIFO queue end with ".fifo"',
    ],
    [{ predefined_queues: { a: { url: 'https://h/a', access_key_id: 'a' } } }, 'belong together'],
    [{ queue_name_prefx: 'a' }, 'unknown key; did you mean "queue_name_prefix"?'],
  ])('%j is rejected', (options, message) => {
    expect(problemsOf({ ...SQS, broker_transport_options: options }).join('\n')).toContain(message);
  });

  test('a visibility timeout of workers on Redis has no limit', () => {
    expect(problemsOf({ broker_url: 'redis://', broker_transport_options: { visibility_timeout: '2d' } })).toEqual([]);
  });

  test('broker_use_ssl is rejected, because connections are encrypted', () => {
    expect(problemsOf({ ...SQS, broker_use_ssl: true }).join('\n')).toContain(
      'has no effect on Amazon SQS; its connections are encrypted',
    );
  });
});

describe('a task for SQS', () => {
  test.each([
    [{ options: { queue: 'ø' } }, {}, 'options.queue: is "ø" in SQS, which allows 80 letters, digits, "-" and "_"'],
    [{ options: { queue: 'q'.repeat(75) } }, { queue_name_prefix: 'prefix' }, 'which allows 80 letters'],
    [
      { options: { queue: 'celeri' } },
      { predefined_queues: PREDEFINED },
      'options.queue: is "celeri" in SQS, which predefinedQueues does not have; did you mean "celery"?',
    ],
    [{}, { predefined_queues: { other: { url: 'https://h/other' } } }, 'e: its queue is "celery" in SQS'],
    [{}, { 'sqs-creation-attributes': { FifoQueue: true } }, 'its name must end with ".fifo"'],
    [{ args: ['x'.repeat(600_000)] }, {}, 'args: args and kwargs take 1042 KiB of a message of SQS, which has 1024'],
    [
      { args: ['x'.repeat(4_000)] },
      { 'sqs-creation-attributes': { MaximumMessageSize: 4_096 } },
      'args and kwargs take 7 KiB of a message of SQS, which has 4 KiB',
    ],
    [{ options: { exchange: 'f', exchange_type: 'fanout', routing_key: '' } }, {}, 'is a fanout exchange'],
  ])('%j with %j is rejected', (entry, options, message) => {
    expect(problemsOf(withEntry(entry, options)).join('\n')).toContain(message);
  });

  test.each([
    [
      { args: ['x'.repeat(200_000)] },
      'args and kwargs take 348 KiB of a message of SQS; queues from before August 2025',
    ],
    [
      { options: { queue: 'a.fifo', task_id: 'fixed' } },
      'options.task_id: a FIFO queue of SQS drops all but the first',
    ],
    [
      { options: { queue: 'a.fifo', MessageDeduplicationId: 'd' } },
      'options.MessageDeduplicationId: a FIFO queue of SQS',
    ],
    [{ options: { queue: 'a.fifo', DelaySeconds: 5 } }, 'ignored: FIFO queues of SQS have no delay of one message'],
    [{ options: { DelaySeconds: 1_000 } }, 'SQS delays a message by 900 s at most'],
  ])('%j causes a warning', (entry, message) => {
    expect(warningsOf(withEntry(entry)).join('\n')).toContain(message);
  });

  test.each([
    [{ args: ['x'.repeat(600_000)], options: { compression: 'gzip' } }, {}],
    [{ options: { queue: 'a.b:c.fifo', DelaySeconds: 0 } }, {}],
    [{ options: { queue: 'celery' } }, { predefined_queues: PREDEFINED }],
    [
      { options: { queue: 'a.b' } },
      {
        queue_name_prefix: 'x-',
        predefined_queues: { 'x-a-b': { url: 'https://h/x' }, 'x-celery': { url: 'https://h/y' } },
      },
    ],
  ])('%j with %j is accepted', (entry, options) => {
    const config = withEntry(entry, options);
    expect(problemsOf(config)).toEqual([]);
  });
});
