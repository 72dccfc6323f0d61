import { z } from 'zod';
import { limitsShape } from '../schedules/limits.ts';
import { scheduleSchema } from '../schedules/schema.ts';
import { ARGUMENTS, deepOptionsSchema, linkedOptionsSchema, taskOrSignature } from '../signatures/schema.ts';
import { shellForms } from '../shell/shell.ts';
import { option, required, expires, instant, mapOf } from '../values/option.ts';
import { entryMissedShape, overlapShape } from './policies.ts';

const entryShape = {
  task: taskOrSignature(),
  shell: option(
    shellForms(),
    'A command that a worker runs, instead of `task`, `args` and `kwargs`. See [shell commands](shell.md).',
    { example: 'pg_dump shop | gzip > /backup/shop.gz' },
  ),
  schedule: required(scheduleSchema, 'When the task is due.', { example: { cron: '0 4 * * *' } }),
  ...ARGUMENTS,
  options: option(
    deepOptionsSchema,
    'Options of the message. Of a chain they are those of its first task, of a group those of each, of a chord those of header and body.',
    { example: { queue: 'reports' } },
  ),
  expires: option(expires(), 'The same as `options.expires`.', { example: 'next' }),
  description: option.text('What the entry is for, shown by `beat list --json`.', {
    example: 'Sends the daily report.',
  }),
  relative: option.flag('Intervals only: whether runs are due on round instants.', { default: false }),
  enabled: option.flag('Whether the entry is ever due.', { default: true }),
  timezone: option.timezone('IANA name: the zone of the schedule, and of instants written without an offset.', {
    otherwise: 'the setting `timezone`',
    example: 'Europe/Oslo',
  }),
  ...limitsShape,
  ...entryMissedShape,
  ...overlapShape,
  lastRunAt: option(
    instant().nullable(),
    'When another scheduler last ran the task. Until beat has state of the entry, the schedule counts from this instant, so that a move to beat neither repeats nor skips a run. It has no effect afterwards.',
    { otherwise: 'the time of the first start', example: '2030-01-31T08:00:00Z' },
  ),
};

export const wholeEntrySchema = mapOf('EntryConfig', entryShape, { description: 'One entry of `beatSchedule`.' });

/** An entry as it is validated, without its schedule and signatures, which are read separately. */
export const entrySchema = z.strictObject(
  {
    ...entryShape,
    task: z.unknown().optional(),
    options: linkedOptionsSchema.optional(),
    schedule: z.unknown().optional(),
  },
  'a map with schedule and task or shell',
);

export type EntryInput = z.output<typeof entrySchema>;
