import { z } from 'zod';
import type { BeatConfig } from '../define.ts';
import { brokersShape } from './brokers.ts';
import { encodingShape } from './encoding.ts';
import { entryShape } from './entry.ts';
import { eventsShape } from './events.ts';
import { duration, flag, map, MAP, missed, missedCap, name, startingDeadline, timezone } from './parts.ts';
import { resultsShape } from './results.ts';
import { taskQueuesSchema } from './queues.ts';
import { taskRoutesSchema } from './routes.ts';
import { looseTables, routingShape } from './routing.ts';
import { scheduleSchema } from './schedules.ts';

const settingsShape = {
  $schema: z.string('text').optional(),
  ...brokersShape,
  ...routingShape,
  ...encodingShape,
  ...eventsShape,
  ...resultsShape,
  timezone: timezone().optional(),
  enableUtc: flag().optional(),
  lock: z
    .strictObject({ ttl: duration().optional().describe('1s to 1d, default 8s') }, MAP)
    .optional(),
  keyPrefix: name().optional(),
  missed: missed().optional(),
  missedCap: missedCap().optional(),
  startingDeadline: startingDeadline().optional(),
};

/** The whole of a file: for the JSON Schema, and for the spellings of its keys. */
export const configSchema: z.ZodType<unknown, BeatConfig> & z.ZodObject = z.strictObject(
  {
    ...settingsShape,
    taskQueues: taskQueuesSchema.optional().describe('Name → queue, or a list of queues.'),
    taskRoutes: taskRoutesSchema.optional().describe('Name or glob → queue, or options.'),
    beatSchedule: z
      .record(name(), z.strictObject({ ...entryShape, schedule: scheduleSchema }, MAP), MAP)
      .optional()
      .describe('Name → entry.'),
  },
  MAP,
);

/** The settings as they are read; entries, queues, routes and what has parts of its own are read one by one. */
export const topSchema = z.strictObject(
  {
    ...settingsShape,
    ...looseTables,
    brokerUseSsl: z.unknown().optional(),
    redisBackendUseSsl: z.unknown().optional(),
    beatSchedule: map().optional(),
  },
  'a map of settings (brokerUrl, beatSchedule, …)',
);

export type TopSettings = z.output<typeof topSchema>;
