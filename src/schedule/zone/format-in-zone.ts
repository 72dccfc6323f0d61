import { MINUTE } from '../instants.ts';
import { getZone } from './zone.ts';

/** Formats an instant as `2026-11-21 08:00:00 +01:00 Europe/Oslo`: local time, offset and zone. */
export function formatInZone(at: number, zone: string): string {
  const { offset } = getZone(zone).spanAt(at);
  const minutes = Math.trunc(Math.abs(offset) / MINUTE);
  const parts = [Math.trunc(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${formatLocal(at, zone).replace('T', ' ')} ${offset < 0 ? '-' : '+'}${parts.join(':')} ${zone}`;
}

/** `2026-11-23T03:00:00`, with milliseconds where there are any: the value of a field for local time. */
export function formatLocal(at: number, zone: string): string {
  const local = new Date(at + getZone(zone).spanAt(at).offset).toISOString();
  // Years after 9999 have a sign and six digits there.
  return local.replace(/^\+0*/, '').replace(/(\.000)?Z$/, '');
}
