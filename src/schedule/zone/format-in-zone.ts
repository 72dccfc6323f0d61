import { DateTime } from 'luxon';

/** Formats an instant as `2026-11-21 08:00:00 +01:00 Europe/Oslo`: local time, offset and zone. */
export function formatInZone(at: number, zone: string): string {
  const local = DateTime.fromMillis(at, { zone });
  const fraction = at % 1000 === 0 ? '' : '.SSS';
  return `${local.toFormat(`yyyy-MM-dd HH:mm:ss${fraction} ZZ`)} ${zone}`;
}

/** `2026-11-23T03:00:00`, with milliseconds where there are any: the value of a field for local time. */
export function formatLocal(at: number, zone: string): string {
  const fraction = at % 1_000 === 0 ? '' : '.SSS';
  return DateTime.fromMillis(at, { zone }).toFormat(`yyyy-MM-dd'T'HH:mm:ss${fraction}`);
}
