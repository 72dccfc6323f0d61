import { z } from 'zod';
import { duration, flag, map, MAP, name, whole } from '../values/scalars.ts';
import { sentinelSchema } from './tls-schema.ts';

/**
 * Transport options that concern those who read queues, or ask for what beat does in any case: known, so
 * that one config can serve both.
 */
const OTHERS = [
  ['visibilityTimeout', 'pollingInterval', 'ackEmulation', 'bodyEncoding'],
  ['unackedKey', 'unackedIndexKey', 'unackedMutexKey', 'unackedMutexExpire'],
  ['unackedRestoreLimit', 'unackedRestoreInterval', 'unackedRestoreThrottle'],
  ['maxConnections', 'healthCheckInterval', 'retryOnTimeout', 'sentinelFanoutCompat'],
  ['maxRetries', 'intervalStart', 'intervalStep', 'intervalMax', 'connectRetriesTimeout'],
  ['confirmTimeout', 'readTimeout', 'writeTimeout', 'socketSettings', 'locale'],
].flat();

const PRIORITIES = 'a list of numbers from 0 to 9';

/** Celery's `broker_transport_options`. */
export const transportSchema = z.strictObject(
  {
    globalKeyprefix: z.string('text').optional(),
    sep: name().optional(),
    prioritySteps: z
      .array(whole(0, 9, 'a whole number from 0 to 9'), PRIORITIES)
      .min(1, `${PRIORITIES}, not empty`)
      .optional(),
    fanoutPrefix: z
      .union([flag(), z.string()], 'true, false, or a text such as /{db}.')
      .optional()
      .describe('Redis: before the channels of fanout exchanges.'),
    fanoutPatterns: flag().optional(),
    queueOrderStrategy: z.string('text').optional(),
    masterName: name().optional().describe('Sentinel: which master. Required there.'),
    sentinelKwargs: sentinelSchema
      .optional()
      .describe('Sentinel: how the sentinels themselves are spoken to.'),
    minOtherSentinels: whole(0, 100, 'a whole number from 0').optional(),
    socketTimeout: duration().optional(),
    socketConnectTimeout: duration().optional(),
    socketKeepalive: flag().optional(),
    socketKeepaliveOptions: map().optional(),
    clientName: name().optional().describe('What servers call the connections. Default beat.'),
    clientProperties: map().optional().describe('AMQP: what else is said of the client.'),
    confirmPublish: flag().optional(),
    ...Object.fromEntries(OTHERS.map((key) => [key, z.unknown().optional()])),
  },
  MAP,
);

export type TransportInput = z.output<typeof transportSchema>;
