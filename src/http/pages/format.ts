/** Formats values for the pages. */

import type { StatusRow } from '../../read-models/status/shapes.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone in which the instants of an entry are shown: its own, else the zone of the configuration. */
export function zoneOf(row: StatusRow, timezone: string): string {
  return (row.error === undefined ? row.timezone : null) ?? timezone;
}

/** `2026-11-23 03:00:00` in that zone; the zone stands beside it in the page. */
export function formatInstant(at: number, zone: string): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', {
      ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: zone },
    });
    formats.set(zone, format);
  }
  return format.format(at);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `07:00:00` for an instant of the same day as `now` in that zone, else `22 Nov, 07:00`. */
export function formatNear(at: number, now: number, zone: string): string {
  const [day = '', time = ''] = formatInstant(at, zone).split(' ');
  if (formatInstant(now, zone).startsWith(day)) return time;
  return `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]}, ${time.slice(0, 5)}`;
}
