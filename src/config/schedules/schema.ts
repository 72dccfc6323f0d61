import { z } from 'zod';
import type { Schedule } from '../../schedule/schedule.ts';
import { SOLAR_EVENTS } from '../../schedule/solar.ts';
import { named, option, required, duration, mapOf } from '../values/option.ts';

const field = (range: string, example: unknown) =>
  option(
    named(z.union([z.number(), z.string(), z.array(z.number())]), 'CrontabField', {
      description: "A number, Celery's text (`*`, `1-5`, `1,15`, a step, a name), or a list of numbers.",
    }),
    range,
    { default: '*', example },
  );
const part = (unit: string, example: number) => option(z.number(), `Number of ${unit}.`, { default: 0, unit, example });

const crontab = mapOf(
  'CrontabConfig',
  {
    minute: field('0-59', '*/15'),
    hour: field('0-23', 4),
    dayOfWeek: field('0-6 from Sunday, or names', 'mon-fri'),
    dayOfMonth: field('1-31', '1,15'),
    monthOfYear: field('1-12, or names', [1, 7]),
  },
  { description: "Celery's crontab: all five fields must match." },
);

const timedelta = mapOf(
  'TimedeltaConfig',
  {
    weeks: part('weeks', 1),
    days: part('days', 1),
    hours: part('hours', 12),
    minutes: part('minutes', 5),
    seconds: part('seconds', 30),
    milliseconds: part('milliseconds', 500),
    microseconds: part('microseconds', 500_000),
  },
  { description: 'An interval: the sum of its parts.' },
);

const degrees = (most: number) => z.number().min(-most).max(most);
const angle = (most: number, description: string, example: number) =>
  option(degrees(most), description, { unit: 'degrees', example });
const solar = mapOf(
  'SolarConfig',
  {
    event: required(named(z.enum(SOLAR_EVENTS), 'SolarEvent', { from: 'schedule/solar.ts' }), 'The event.', {
      example: 'sunset',
    }),
    latitude: angle(90, 'Degrees north.', 59.9),
    longitude: angle(180, 'Degrees east.', 10.7),
    lat: angle(90, 'The same as `latitude`.', 59.9),
    lon: angle(180, 'The same as `longitude`.', 10.7),
  },
  { description: 'An event of the sun at a place.' },
);

const SUNSET = { event: 'sunset', latitude: 59.9, longitude: 10.7 };

const scheduleMap = mapOf(
  'ScheduleMap',
  {
    timedelta: option(timedelta, 'An interval: the sum of its parts.', { example: { minutes: 5 } }),
    crontab: option(crontab, "Celery's crontab: all fields must match; one left out is `*`.", {
      example: { minute: 0, hour: 4 },
    }),
    cron: option.nonEmpty(
      'Five fields as in crontab(5), six with seconds first, seven with a year last; or `@daily`, `@every 5m` and the like.',
      { example: '0 4 * * 1-5' },
    ),
    at: option.instant('One instant.', { example: '2030-01-31T08:00:00' }),
    solar: option(solar, 'An event of the sun at a place.', { example: SUNSET }),
    rrule: option.nonEmpty('A recurrence rule of RFC 5545. See [time](time.md#recurrence-rules).', {
      example: 'FREQ=MONTHLY;BYDAY=-1FR',
    }),
    dtstart: option.instant('When an `rrule` begins.', {
      otherwise: 'midnight of 2000-01-01',
      example: '2030-01-31T08:00:00',
    }),
    timezone: option.nonEmpty('IANA name: the zone of this schedule.', {
      otherwise: 'that of the entry',
      example: 'Europe/Oslo',
    }),
  },
  { description: 'A schedule in YAML and JSON: exactly one of the six kinds, with or without a zone.' },
);

export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null) return false;
  const { spec, next } = value as Partial<Schedule>;
  return typeof spec === 'string' && typeof next === 'function';
}

const made = named(z.custom<Schedule>(isSchedule), 'Schedule', { from: 'schedule/schedule.ts' });

export const scheduleSchema = named(z.union([duration(), made, scheduleMap]), 'ScheduleConfig', {
  description: 'An interval in seconds or as a duration, a schedule made in code, or a map.',
});

const CRONTAB = 'a map of minute, hour, dayOfWeek, dayOfMonth, monthOfYear (a text of five fields goes under cron)';

const SOLAR = 'a map such as {event: sunset, latitude: 59.9, longitude: 10.7}';

/** A schedule as it is validated: intervals, crontabs and events of the sun report all their errors themselves. */
export const scheduleMapSchema = scheduleMap.extend({
  timedelta: z.record(z.string(), z.unknown(), 'a map such as {minutes: 5}').optional(),
  crontab: z.record(z.string(), z.unknown(), CRONTAB).optional(),
  solar: z.record(z.string(), z.unknown(), SOLAR).optional(),
});
export type ScheduleMapInput = z.output<typeof scheduleMapSchema>;
