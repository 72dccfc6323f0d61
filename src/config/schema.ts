import { z } from 'zod';
import { alertsShape } from './alerts/alerts.ts';
import { connectionShape } from './broker/connection.ts';
import { endpointsShape } from './broker/endpoints.ts';
import { calendarsShape } from './calendars/calendars.ts';
import type { BeatConfig } from '../generated/config-types.ts';
import { missedShape, wholeEntrySchema } from './entry/schema.ts';
import { acceptContentShape, encodingShape } from './message/encoding.ts';
import { outcomesShape, resultsShape } from './results/results.ts';
import { taskQueuesSchema } from './routing/task-queues.ts';
import { routingShape } from './routing/routing.ts';
import { taskRoutesSchema } from './routing/task-routes.ts';
import { eventsShape, remoteControlShape } from './service/events.ts';
import { preparationShape } from './service/preparation.ts';
import { historyShape, lockShape } from './service/state.ts';
import { httpShape, metricsShape } from './service/http.ts';
import { shellShape } from './shell/shell.ts';
import { isContainer } from '../util/is-map.ts';
import { option, MAP, name, mapOf } from './values/option.ts';
import { zoneShape } from './values/zone.ts';

const settingsShape = {
  ...endpointsShape,
  ...connectionShape,
  ...lockShape,
  ...historyShape,
  ...preparationShape,
  ...zoneShape,
  ...calendarsShape,
  ...missedShape,
  ...routingShape,
  ...encodingShape,
  ...acceptContentShape,
  ...resultsShape,
  ...outcomesShape,
  ...eventsShape,
  ...httpShape,
  ...metricsShape,
  ...alertsShape,
  ...remoteControlShape,
  ...shellShape,
  $schema: option.text('The JSON Schema of this file, for editors.', {
    example: './node_modules/celery-beat/schema/celery-beat.schema.json',
  }),
};

/** A whole configuration: for the JSON Schema, the generated types and the spellings of keys. */
export const configSchema: z.ZodType<unknown, BeatConfig> & z.ZodObject = mapOf(
  'BeatConfig',
  {
    ...settingsShape,
    taskQueues: option(taskQueuesSchema, 'Queues: name → queue, or a list of queues.', {
      otherwise: 'none',
      example: { reports: { routingKey: 'reports.#', exchange: 'jobs' } },
    }),
    taskRoutes: option(taskRoutesSchema, 'Routes: name or glob → queue, or options.', {
      otherwise: 'none',
      example: { 'reports.*': 'reports' },
    }),
    beatSchedule: option(z.record(name(), wholeEntrySchema, MAP), 'Entries: name → entry.', {
      example: { report: { task: 'tasks.report', schedule: 60 } },
    }),
  },
  {
    description:
      "A configuration. Files may use `snake_case` and Celery's old upper-case names too; top-level keys that begin with `x-` are ignored (a place for YAML anchors).",
  },
);

/** The settings as they are validated; entries, queues, routes and TLS are validated one by one. */
export const topSchema = z.strictObject(
  {
    ...settingsShape,
    taskQueues: z.unknown().optional(),
    taskRoutes: z.unknown().optional(),
    brokerUseSsl: z.unknown().optional(),
    redisBackendUseSsl: z.unknown().optional(),
    // A record would copy a hundred thousand entries.
    beatSchedule: z
      .custom<Record<string, unknown>>((value) => isContainer(value) && !Array.isArray(value), MAP)
      .optional(),
  },
  'a map of settings (brokerUrl, beatSchedule, …)',
);

export type TopSettings = z.output<typeof topSchema>;
