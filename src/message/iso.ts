import { IANAZone } from 'luxon';

/** The range of Python's datetime, less a day at both ends for the offset of the zone. */
export const FIRST_INSTANT = Date.parse('0001-01-02T00:00:00Z');
export const LAST_INSTANT = Date.parse('9999-12-30T23:59:59.999Z');

/** Formats epoch milliseconds as `2026-11-21T05:34:07.241Z`. */
export function utcIso(instant: number): string {
  if (instant !== lastUtc.instant) {
    lastUtc = { instant, text: new Date(instant).toISOString() };
  }
  return lastUtc.text;
}

/** Many entries are due at the same instant. */
let lastUtc = { instant: NaN, text: '' };

/**
 * An instant (epoch milliseconds) in an IANA zone, as Python's `isoformat()` writes it: numeric offset,
 * microseconds, no fraction at all when it is zero. `2026-11-21T06:34:07.241000+01:00`
 */
export function pythonIso(instant: number, timezone: string): string {
  const offset = offsetAt(instant, timezone);
  const local = new Date(instant + offset * 60_000).toISOString();
  const fraction = local.endsWith('.000Z') ? '' : `${local.slice(19, 23)}000`;
  return `${local.slice(0, 19)}${fraction}${formatOffset(offset)}`;
}

/** Offsets change on quarters of an hour, so an offset is valid for the quarter. */
const QUARTER = 15 * 60_000;

const lastOffsets = new Map<string, { readonly quarter: number; readonly minutes: number }>();

/** Minutes east of UTC. */
function offsetAt(instant: number, timezone: string): number {
  const quarter = Math.floor(instant / QUARTER);
  const last = lastOffsets.get(timezone);
  if (last?.quarter === quarter) return last.minutes;
  const minutes = Math.round(IANAZone.create(timezone).offset(instant));
  lastOffsets.set(timezone, { quarter, minutes });
  return minutes;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const hh = String(Math.floor(size / 60)).padStart(2, '0');
  const mm = String(size % 60).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hh}:${mm}`;
}
