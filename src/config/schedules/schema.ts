import { z } from 'zod';
import type { Schedule } from '../../schedule/schedule.ts';
import { SOLAR_EVENTS } from '../../schedule/solar.ts';
import { duration, instant, MAP, name, timezone } from '../values/scalars.ts';

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
const degrees = (most: number) => z.number().min(-most).max(most).optional();
const solar = z.strictObject({
  event: z.enum(SOLAR_EVENTS),
  latitude: degrees(90).describe('Degrees north.'),
  longitude: degrees(180).describe('Degrees east.'),
  lat: degrees(90),
  lon: degrees(180),
});
const scheduleMap = z.strictObject({
  timedelta: timedelta.optional().describe('An interval: the sum of its parts.'),
  crontab: crontab.optional().describe("Celery's crontab: all fields must match."),
  cron: name()
    .optional()
    .describe(
      'Five fields as in crontab(5), six with seconds in front, seven with a year at the end; or @daily, @every 5m and the like.',
    ),
  at: instant().optional().describe('Once.'),
  solar: solar.optional().describe('Where the sun is, seen from a place.'),
  timezone: timezone().optional(),
});

/** Schedules made in code, users' own among them. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null) return false;
  const { spec, next } = value as Partial<Schedule>;
  return typeof spec === 'string' && typeof next === 'function';
}

export const scheduleSchema = z
  .union([duration(), z.custom<Schedule>(isSchedule), scheduleMap])
  .describe('Seconds, or one of timedelta, crontab, cron, at, solar.');

const CRONTAB =
  'a map of minute, hour, dayOfWeek, dayOfMonth, monthOfYear (a text of five fields goes under cron)';

const SOLAR = 'a map such as {event: sunset, latitude: 59.9, longitude: 10.7}';

/** A schedule as it is read, part by part: what is wrong in one must not hide what is wrong in another. */
export const scheduleMapSchema = z.strictObject(
  {
    // The schedules know best what may stand in them, and report all of it.
    timedelta: z.record(z.string(), z.unknown(), 'a map such as {minutes: 5}').optional(),
    crontab: z.record(z.string(), z.unknown(), CRONTAB).optional(),
    cron: name().optional(),
    at: instant().optional(),
    solar: z.record(z.string(), z.unknown(), SOLAR).optional(),
    timezone: timezone().optional(),
  },
  MAP,
);
export type ScheduleMapInput = z.output<typeof scheduleMapSchema>;
