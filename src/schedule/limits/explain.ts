import { describeLocal } from '../description.ts';
import { nextAfter } from '../next-after.ts';
import type { Explanation, Schedule } from '../schedule.ts';
import { getZone } from '../zone/zone.ts';

/** Explains an instant (epoch milliseconds) by the fields of a schedule; by one field if it has none. */
export function explainInstant(schedule: Schedule, instant: number, timezone: string): Explanation {
  const known = schedule.explain?.(new Date(instant));
  if (known) return known;
  const { spec, description = spec } = schedule;
  const matches = nextAfter(schedule, instant - 1) === instant;
  const value = matches ? 'an occurrence' : 'no occurrence';
  return {
    local: `${localText(instant, timezone)} ${timezone}`,
    fields: [{ field: 'schedule', rule: description, value, matches }],
    notes: [],
  };
}

/** An instant as the clocks of a zone show it. */
export function localText(instant: number, timezone: string): string {
  return describeLocal(instant + getZone(timezone).spanAt(instant).offset);
}
