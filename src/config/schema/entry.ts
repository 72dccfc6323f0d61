import { z } from 'zod';
import { isLazy, type Lazy } from '../../message/lazy.ts';
import { optionsSchema } from './options.ts';
import { expires, flag, list, map, missed, missedCap, name, startingDeadline, timezone } from './parts.ts';

/** What stands in an entry but for its schedule. */
export const entryShape = {
  task: name().describe('The registered name of the Celery task.'),
  args: z.union([list(), z.custom<Lazy<readonly unknown[]>>(isLazy)], 'a list').optional(),
  kwargs: z.union([z.custom<Lazy<Record<string, unknown>>>(isLazy), map()], 'a map').optional(),
  options: optionsSchema.optional(),
  expires: expires().optional(),
  relative: flag().optional().describe('Puts an interval on round instants.'),
  enabled: flag().optional(),
  timezone: timezone().optional(),
  missed: missed().optional(),
  missedCap: missedCap().optional(),
  startingDeadline: startingDeadline().optional(),
};

/** An entry as it is read: its schedule is looked into by itself, so that neither hides what is wrong in the other. */
export const entrySchema = z.strictObject(
  { ...entryShape, schedule: z.unknown().optional() },
  'a map with task and schedule',
);

export type EntryInput = z.output<typeof entrySchema>;
