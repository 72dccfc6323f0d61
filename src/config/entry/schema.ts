import { z } from 'zod';
import { limitsShape } from '../schedules/limits.ts';
import { scheduleSchema } from '../schedules/schema.ts';
import { ARGUMENTS, deepOptionsSchema, linkedOptionsSchema, taskOrSignature } from '../signatures/schema.ts';
import { shellForms } from '../shell/shell.ts';
import {
  option,
  required,
  duration,
  expires,
  instant,
  mapOf,
  oneOf,
  whole,
  type ShapeOutput,
} from '../values/option.ts';

const missed = () => oneOf(['once', 'skip', 'all']);
const maxCatchUp = () => whole(1, 100_000, 'a whole number from 1 to 100,000');
const deadline = () => duration().nullable();

const MISSED =
  'What to do about runs that were missed: one run for the newest (`once`), none (`skip`), or each (`all`).';
const MAX_CATCH_UP = 'With `missed: all`, the most missed runs that are published: the newest.';
const DEADLINE = 'How long after its time a run is still published; `null` is without a limit.';

export const missedShape = {
  missed: option(missed(), MISSED, { default: 'once', example: 'all' }),
  maxCatchUp: option(maxCatchUp(), MAX_CATCH_UP, { default: 1_000, unit: 'runs', example: 24 }),
  startingDeadline: option(deadline(), `${DEADLINE} Celery: \`beat_cron_starting_deadline\`.`, {
    default: null,
    example: '1h',
  }),
};

/** The settings for missed runs of one entry, which default to the settings of all entries. */
const entryMissedShape = {
  missed: option(missed(), MISSED, { otherwise: 'the setting `missed`', example: 'all' }),
  maxCatchUp: option(maxCatchUp(), MAX_CATCH_UP, { otherwise: 'the setting `maxCatchUp`', unit: 'runs', example: 24 }),
  startingDeadline: option(deadline(), DEADLINE, { otherwise: 'the setting `startingDeadline`', example: '1h' }),
};

/** The defaults of all entries, complete. */
export function readMissed({
  missed = 'once',
  maxCatchUp = 1_000,
  startingDeadline = null,
}: ShapeOutput<typeof missedShape>) {
  return { missed, maxCatchUp, startingDeadline } as const;
}

const overlapShape = {
  overlap: option(
    oneOf(['allow', 'skip', 'queue', 'cancel']),
    'What happens to a run that is due while an earlier one has no outcome: it is published (`allow`), skipped, published later (`queue`), or replaces the other (`cancel`). See [outcomes](outcomes.md#overlap).',
    { default: 'allow', example: 'skip' },
  ),
  maxRuntime: option.duration(
    'With `overlap`: how long a run without an outcome counts as running, so that a lost result does not block the entry for ever.',
    { otherwise: '24 hours', example: '2h' },
  ),
};

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
  timezone: option.nonEmpty('IANA name: the zone of the schedule, and of instants written without an offset.', {
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
