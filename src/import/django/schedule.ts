import type { ScheduleConfig } from '../../generated/config-types.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { at } from '../../schedule/at.ts';
import { crontab } from '../../schedule/crontab.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { solar, type SolarEvent } from '../../schedule/solar.ts';
import { timedelta } from '../../schedule/timedelta.ts';
import { readCrontabFields } from '../found.ts';
import type { DjangoTables, Row } from './tables.ts';

/** The schedule of a periodic task, as an entry has it and as Django has it. */
export interface DjangoSchedule {
  readonly kind: 'interval' | 'crontab' | 'solar' | 'clocked';
  readonly config: ScheduleConfig;
  /** IANA name; `null` for a schedule without a zone. */
  readonly timezone: string | null;
  readonly schedule: Schedule;
}

const UNITS: Readonly<Record<string, string>> = { days: 'd', hours: 'h', minutes: 'm', seconds: 's' };

/** Reads the schedule of a task; instants without an offset are in `zone`. Throws an `Error` for a task without one. */
export function readSchedule(task: Row<'periodictask'>, tables: DjangoTables, zone: string): DjangoSchedule {
  // Django looks for a schedule in this order.
  if (task.interval_id !== null) return readInterval(find(tables.intervalschedule, task.interval_id));
  if (task.crontab_id !== null) return readCrontab(find(tables.crontabschedule, task.crontab_id));
  if (task.solar_id !== null) return readSolar(find(tables.solarschedule, task.solar_id));
  if (task.clocked_id !== null) {
    return clocked(readInstant(find(tables.clockedschedule, task.clocked_id).clocked_time!, zone));
  }
  throw new Error('it has no schedule');
}

function find<T>(rows: ReadonlyMap<string, T>, id: string): T {
  const row = rows.get(id);
  if (row === undefined) throw new Error('its schedule was removed from the database');
  return row;
}

function readInterval({ every, period }: Row<'intervalschedule'>): DjangoSchedule {
  const unit = UNITS[period!];
  const parts = { [period!]: Number(every) };
  const config = unit === undefined ? { timedelta: parts } : `${every}${unit}`;
  return { kind: 'interval', timezone: null, config, schedule: timedelta(parts) };
}

function readCrontab(row: Row<'crontabschedule'>): DjangoSchedule {
  const { timezone } = row;
  const fields = readCrontabFields(row);
  const schedule = crontab(fields, { timezone: timezone ?? 'UTC' });
  return { kind: 'crontab', timezone, config: { crontab: fields } as ScheduleConfig, schedule };
}

function readSolar({ event, latitude, longitude }: Row<'solarschedule'>): DjangoSchedule {
  const place = { latitude: Number(latitude), longitude: Number(longitude) };
  const name = event as SolarEvent;
  const schedule = solar(name, place.latitude, place.longitude);
  return { kind: 'solar', timezone: null, config: { solar: { event: name, ...place } }, schedule };
}

/** The schedule of one instant, epoch milliseconds. */
export function clocked(instant: number): DjangoSchedule {
  const date = new Date(instant);
  return { kind: 'clocked', timezone: null, config: { at: date.toISOString() }, schedule: at(date) };
}

/** Epoch milliseconds of an instant as the database writes it. Throws an `Error` for any other text. */
export function readInstant(text: string, zone: string): number {
  const instant = parseInstant(text, zone);
  if (instant === null) throw new Error(`"${text}" is not an instant`);
  return instant;
}
