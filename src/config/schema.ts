import { z } from 'zod';
import type { BeatConfig } from './define.ts';
import { brokersShape } from './broker/connection-schema.ts';
import { encodingShape } from './message/encoding-schema.ts';
import { entryShape } from './entry/schema.ts';
import { eventsShape } from './service/events-schema.ts';
import {
  duration,
  flag,
  map,
  MAP,
  missed,
  missedCap,
  name,
  startingDeadline,
  timezone,
} from './values/scalars.ts';
import { resultsShape } from './results/results-schema.ts';
import { taskQueuesSchema } from './routing/queue-schema.ts';
import { taskRoutesSchema } from './routing/route-schema.ts';
import { looseTables, routingShape } from './routing/routing-schema.ts';
import { scheduleSchema } from './schedules/schema.ts';

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
