import { z } from 'zod';
import { expires, flag, missed, missedCap, startingDeadline, timezone } from '../values/scalars.ts';
import {
  ARGUMENTS,
  deepOptionsSchema,
  linkedOptionsSchema,
  taskOrSignature,
} from '../signatures/schema.ts';

/** What stands in an entry but for its schedule. */
export const entryShape = {
  task: taskOrSignature(),
  ...ARGUMENTS,
  options: deepOptionsSchema.optional(),
  expires: expires().optional(),
  description: z.string('text').optional().describe('What it is for, shown in `beat list --json`.'),
  relative: flag().optional().describe('Puts an interval on round instants.'),
  enabled: flag().optional(),
  timezone: timezone().optional(),
  missed: missed().optional(),
  missedCap: missedCap().optional(),
  startingDeadline: startingDeadline().optional(),
};

/**
 * An entry as it is read: its schedule, and signatures in it, are looked into by themselves, so that neither
 * hides what is wrong in the other.
 */
export const entrySchema = z.strictObject(
  {
    ...entryShape,
    task: z.unknown().optional(),
    options: linkedOptionsSchema.optional(),
    schedule: z.unknown().optional(),
  },
  'a map with task and schedule',
);

export type EntryInput = z.output<typeof entrySchema>;
