import { toInstant } from '../calendar/clock-changes.ts';
import { DAY } from '../instants.ts';
import type { Zone } from '../zone/zone.ts';
import type { EventLength } from './event.ts';

/**
 * Converts a local time to its first instant, as RFC 5545 has it: one that a clock change skips has the offset before the
 * change. (Schedules are due at the end of the gap instead, see clock-changes.ts.)
 */
export function startInstant(local: number, zone: Zone): number {
  const instant = toInstant(local, zone);
  const isSkipped = instant + zone.spanAt(instant).offset !== local;
  return isSkipped ? local - zone.spanAt(instant - 1).offset : instant;
}

/** The first instant after an event that begins at a local time. */
export function endInstant(local: number, { days, elapsed }: EventLength, zone: Zone): number {
  return startInstant(local + days * DAY, zone) + elapsed;
}
