import { z } from 'zod';
import type { Schedule } from '../schedule/schedule.ts';
import { isInstant, INSTANT_FORMS } from './instant.ts';
import { DURATION_FORMS, parseDuration } from './duration.ts';
import type { BeatConfig } from './define.ts';

// Every text given to zod here says what is allowed; `problems.ts` puts "expected …, got …" around it.

const MAP = 'a map';
const NAME = 'text that is not empty';
const name = () => z.string(NAME).min(1, NAME);
const flag = () => z.boolean('true or false');

const duration = () => {
  const schema = z.union([z.number(), z.string()], DURATION_FORMS);
  return schema.refine((value) => parseDuration(value) !== null, DURATION_FORMS);
};
const instant = () => {
  const schema = z.union([z.string(), z.date()], INSTANT_FORMS);
  return schema.refine(isInstant, INSTANT_FORMS);
};
const EXPIRES = `'next', ${DURATION_FORMS}, or ${INSTANT_FORMS}`;
const expires = () => {
  const schema = z.union([z.number(), z.string(), z.date()], EXPIRES);
  const known = (value: unknown) =>
    value === 'next' || parseDuration(value) !== null || isInstant(value);
  return schema
    .refine(known, EXPIRES)
    .describe('When the task is worthless: so long after sending, an instant, or `next`.');
};
const missed = () => {
  const policies = ['once', 'skip', 'all'] as const;
  return z
    .enum(policies, "'once', 'skip' or 'all'")
    .describe('Occurrences that passed unsent: one run for the newest, none, or each.');
};
const missedCap = () =>
  whole(1, 100_000, 'a whole number from 1 to 100000').describe(
    'With `missed: all`, the most runs made up for at once: the newest.',
  );
const startingDeadline = () =>
  duration().nullable().describe('How long after its time an occurrence is still sent.');
const timezone = () => name().describe('IANA name, such as Europe/Oslo.');
const whole = (min: number, max: number, text: string) => z.int(text).min(min, text).max(max, text);

/** Values that go to the task as they are: never renamed, never looked into here. */
const list = () => z.array(z.unknown(), 'a list');
const map = () => z.record(z.string(), z.unknown(), MAP);

const field = (range: string) =>
  z
    .union([z.number(), z.string(), z.array(z.number())])
    .optional()
    .describe(range);
const part = () => z.number().optional();

const crontab = z.strictObject({
  minute: field('0-59'),
  hour: field('0-23'),
  dayOfWeek: field('0-6 from Sunday, or names'),
  dayOfMonth: field('1-31'),
  monthOfYear: field('1-12, or names'),
});
const timedelta = z.strictObject({
  weeks: part(),
  days: part(),
  hours: part(),
  minutes: part(),
  seconds: part(),
  milliseconds: part(),
  microseconds: part(),
});
const scheduleMap = z.strictObject({
  timedelta: timedelta.optional().describe('An interval: the sum of its parts.'),
  crontab: crontab.optional().describe("Celery's crontab: all fields must match."),
  cron: name().optional().describe('The time fields of a crontab(5) line, or @daily and the like.'),
  at: instant().optional().describe('Once.'),
  timezone: timezone().optional(),
});

/** Schedules made in code, users' own among them. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null) return false;
  const { spec, next } = value as Partial<Schedule>;
  return typeof spec === 'string' && typeof next === 'function';
}

const scheduleSchema = z
  .union([duration(), z.custom<Schedule>(isSchedule), scheduleMap])
  .describe('Seconds, or one of timedelta, crontab, cron, at.');

const optionsSchema = z.strictObject(
  {
    queue: name().optional(),
    priority: whole(0, 255, 'a whole number from 0 to 255').optional(),
    countdown: duration().optional(),
    eta: instant().optional(),
    expires: expires().optional(),
    timeLimit: duration().optional(),
    softTimeLimit: duration().optional(),
    headers: map().optional(),
    shadow: name().optional(),
    ignoreResult: flag().optional(),
    taskId: name().optional(),
    deliveryMode: z
      .literal([1, 2, 'transient', 'persistent'], "1, 2, 'transient' or 'persistent'")
      .optional(),
    serializer: z.literal('json', "'json', the one serializer that beat has so far").optional(),
  },
  MAP,
);

const entryShape = {
  task: name().describe('The registered name of the Celery task.'),
  args: list().optional(),
  kwargs: map().optional(),
  options: optionsSchema.optional(),
  expires: expires().optional(),
  relative: flag().optional().describe('Puts an interval on round instants.'),
  enabled: flag().optional(),
  timezone: timezone().optional(),
  missed: missed().optional(),
  missedCap: missedCap().optional(),
  startingDeadline: startingDeadline().optional(),
};

const url = () => name().describe('For example redis://localhost:6379/0');
const URLS = 'a URL, or a list of URLs';
const urls = () => z.union([name(), z.array(name(), URLS).min(1, URLS)], URLS);
const queueType = () => z.enum(['classic', 'quorum'], "'classic' or 'quorum'");

/** Transport options that concern those who read queues: known, so that one config can serve both. */
const WORKERS_OPTIONS = [
  ['visibilityTimeout', 'pollingInterval', 'fanoutPrefix', 'fanoutPatterns', 'ackEmulation'],
  ['unackedKey', 'unackedIndexKey', 'unackedMutexKey', 'unackedMutexExpire'],
  ['unackedRestoreLimit', 'maxConnections', 'healthCheckInterval', 'clientName'],
  ['socketKeepalive', 'socketKeepaliveOptions', 'minOtherSentinels', 'confirmPublish'],
  ['retryOnTimeout', 'maxRetries', 'intervalStart', 'intervalStep', 'intervalMax'],
  ['confirmTimeout', 'readTimeout', 'writeTimeout', 'nativeDelayedDeliveryQueueType'],
].flat();

const settingsShape = {
  $schema: z.string('text').optional(),
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
  timezone: timezone().optional(),
  enableUtc: flag().optional(),
  lock: z
    .strictObject({ ttl: duration().optional().describe('1s to 1d, default 8s') }, MAP)
    .optional(),
  keyPrefix: name().optional(),
  taskDefaultQueue: name().optional(),
  taskDefaultQueueType: queueType().optional(),
  taskCreateMissingQueueType: queueType().optional(),
  taskQueueMaxPriority: whole(1, 255, 'a whole number from 1 to 255').optional(),
  declareQueues: flag().optional().describe('AMQP: false leaves queues to others. Default true.'),
  brokerTransportOptions: z
    .strictObject(
      {
        globalKeyprefix: z.string('text').optional(),
        sep: name().optional(),
        prioritySteps: z
          .array(whole(0, 9, 'a whole number from 0 to 9'), 'a list of numbers from 0 to 9')
          .min(1, 'a list of numbers from 0 to 9, not empty')
          .optional(),
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
  missed: missed().optional(),
  missedCap: missedCap().optional(),
  startingDeadline: startingDeadline().optional(),
};

/** The whole of a file: for the JSON Schema, and for the spellings of its keys. */
export const configSchema: z.ZodType<unknown, BeatConfig> & z.ZodObject = z.strictObject(
  {
    ...settingsShape,
    beatSchedule: z
      .record(name(), z.strictObject({ ...entryShape, schedule: scheduleSchema }, MAP), MAP)
      .optional()
      .describe('Name → entry.'),
  },
  MAP,
);

// Parsing goes part by part: what is wrong in one must not hide what is wrong in another.

const CRONTAB =
  'a map of minute, hour, dayOfWeek, dayOfMonth, monthOfYear (a text of five fields goes under cron)';

export const topSchema = z.strictObject(
  { ...settingsShape, beatSchedule: map().optional() },
  'a map of settings (brokerUrl, beatSchedule, …)',
);
export const scheduleMapSchema = z.strictObject(
  {
    // The schedules know best what may stand in them, and report all of it.
    timedelta: z.record(z.string(), z.unknown(), 'a map such as {minutes: 5}').optional(),
    crontab: z.record(z.string(), z.unknown(), CRONTAB).optional(),
    cron: name().optional(),
    at: instant().optional(),
    timezone: timezone().optional(),
  },
  MAP,
);
export const entrySchema = z.strictObject(
  { ...entryShape, schedule: z.unknown().optional() },
  'a map with task and schedule',
);

export type TopSettings = z.output<typeof topSchema>;
export type EntryInput = z.output<typeof entrySchema>;
export type OptionsInput = NonNullable<EntryInput['options']>;
export type ScheduleMapInput = z.output<typeof scheduleMapSchema>;
