import { z } from 'zod';
import { duration, flag, MAP, name, whole } from './parts.ts';

const url = () => name().describe('For example redis://localhost:6379/0');
const URLS = 'a URL, or a list of URLs';
const urls = () => z.union([name(), z.array(name(), URLS).min(1, URLS)], URLS);

/** Transport options that concern those who read queues: known, so that one config can serve both. */
const WORKERS_OPTIONS = [
  ['visibilityTimeout', 'pollingInterval', 'ackEmulation'],
  ['unackedKey', 'unackedIndexKey', 'unackedMutexKey', 'unackedMutexExpire'],
  ['unackedRestoreLimit', 'maxConnections', 'healthCheckInterval', 'clientName'],
  ['socketKeepalive', 'socketKeepaliveOptions', 'minOtherSentinels', 'confirmPublish'],
  ['retryOnTimeout', 'maxRetries', 'intervalStart', 'intervalStep', 'intervalMax'],
  ['confirmTimeout', 'readTimeout', 'writeTimeout', 'nativeDelayedDeliveryQueueType'],
].flat();

/** Where messages and state go, and how the connections to it are kept. */
export const brokersShape = {
  brokerUrl: urls().optional().describe('Default sqla+sqlite:///beat.sqlite'),
  stateUrl: url().optional().describe('Where lock and ledger are. Default: the broker, if it can.'),
  lockUrls: z
    .array(name(), 'a list of URLs')
    .optional()
    .describe('Independent Redis servers: who has the lock of most of them leads.'),
  brokerFailoverStrategy: z
    .enum(['round-robin', 'shuffle'], "'round-robin' or 'shuffle'")
    .optional(),
  brokerHeartbeat: duration().optional().describe('AMQP: whole seconds, 0 for none. Default 10.'),
  brokerConnectionTimeout: duration().optional().describe('AMQP. Default 4.'),
  brokerTransportOptions: z
    .strictObject(
      {
        globalKeyprefix: z.string('text').optional(),
        sep: name().optional(),
        prioritySteps: z
          .array(whole(0, 9, 'a whole number from 0 to 9'), 'a list of numbers from 0 to 9')
          .min(1, 'a list of numbers from 0 to 9, not empty')
          .optional(),
        fanoutPrefix: z
          .union([flag(), z.string()], 'true, false, or a text such as /{db}.')
          .optional()
          .describe('Redis: before the channels of fanout exchanges.'),
        fanoutPatterns: flag().optional(),
        queueOrderStrategy: z.string('text').optional(),
        masterName: name().optional().describe('Sentinel: which master. Required there.'),
        sentinelKwargs: z
          .strictObject(
            { username: name().optional(), password: name().optional(), ssl: flag().optional() },
            MAP,
          )
          .optional()
          .describe('Sentinel: how to log in to the sentinels themselves.'),
        socketTimeout: duration().optional(),
        socketConnectTimeout: duration().optional(),
        ...Object.fromEntries(WORKERS_OPTIONS.map((key) => [key, z.unknown().optional()])),
      },
      MAP,
    )
    .optional(),
};
