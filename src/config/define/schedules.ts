import type { Schedule } from '../../schedule/schedule.ts';
import type { SolarEvent } from '../../schedule/solar.ts';
import type { Duration, Instant } from './times.ts';

/** A number of seconds (or a duration with units), a schedule made in code, or one as text. */
export type ScheduleConfig = Duration | Schedule | ScheduleMap;

/** A schedule as YAML and JSON have it: one of the five kinds, and a time zone if need be. */
export interface ScheduleMap {
  timedelta?: TimedeltaConfig | undefined;
  crontab?: CrontabConfig | undefined;
  /** Five fields, six with seconds in front, seven with a year at the end; or `@daily`, `@every 5m` … */
  cron?: string | undefined;
  at?: Instant | undefined;
  solar?: SolarConfig | undefined;
  timezone?: string | undefined;
}

/** Their sum is the interval. */
export interface TimedeltaConfig {
  weeks?: number | undefined;
  days?: number | undefined;
  hours?: number | undefined;
  minutes?: number | undefined;
  seconds?: number | undefined;
  milliseconds?: number | undefined;
  microseconds?: number | undefined;
}

/** A number, Celery's text (`*`, `1-5`, `1,15`, a step, a name), or a list of numbers. */
export type CrontabField = number | string | readonly number[];

/** Celery's crontab: all five must match. A field left out matches always. */
export interface CrontabConfig {
  minute?: CrontabField | undefined;
  hour?: CrontabField | undefined;
  dayOfWeek?: CrontabField | undefined;
  dayOfMonth?: CrontabField | undefined;
  monthOfYear?: CrontabField | undefined;
}

/** An event of the sun, seen from a place: degrees north and degrees east, each by one of its names. */
export interface SolarConfig {
  event: SolarEvent;
  latitude?: number | undefined;
  longitude?: number | undefined;
  lat?: number | undefined;
  lon?: number | undefined;
}
