import { IANAZone } from 'luxon';

/**
 * An instant (epoch milliseconds) in an IANA zone, as Python's `isoformat()` writes it: numeric offset,
 * microseconds, no fraction at all when it is zero. `2026-11-21T06:34:07.241000+01:00`
 */
export function pythonIso(instant: number, timezone: string): string {
  const offset = Math.round(IANAZone.create(timezone).offset(instant));
  const local = new Date(instant + offset * 60_000).toISOString();
  const fraction = local.endsWith('.000Z') ? '' : `${local.slice(19, 23)}000`;
  return `${local.slice(0, 19)}${fraction}${offsetText(offset)}`;
}

/** Minutes east of UTC as `+HH:MM`. */
function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const hh = String(Math.floor(size / 60)).padStart(2, '0');
  const mm = String(size % 60).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hh}:${mm}`;
}
