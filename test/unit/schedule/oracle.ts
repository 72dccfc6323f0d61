/**
 * The rule of clock-changes.ts once more, by other means: it looks at what the clocks of a zone show in
 * every single minute, and knows nothing of offsets, spans or months.
 */
import type { FieldTexts } from './arbitrary.ts';

const MINUTE = 60_000;

/** What clocks show at an instant, read from the tz database of Node. */
interface Reading {
  readonly at: number;
  /** As one number that grows with the clocks: minutes. */
  readonly shown: number;
}

export function readings(timezone: string, from: number, until: number): Reading[] {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const found: Reading[] = [];
  for (let at = Math.ceil(from / MINUTE) * MINUTE; at < until; at += MINUTE) {
    const [month, day, year, hour, minute] = clock.format(at).match(/\d+/g)!.map(Number);
    found.push({ at, shown: Date.UTC(year!, month! - 1, day, hour, minute) / MINUTE });
  }
  return found;
}

/** All that is due within the readings but for the first, which only shows where clocks come from. */
export function dueByReading(clock: readonly Reading[], texts: FieldTexts, union: boolean): Date[] {
  const elapsed = /[*/-]/.test(texts.minute + texts.hour);
  const seen = new Set<number>();
  return clock
    .filter(({ shown }, i) => {
      if (i === 0) return false;
      const before = clock[i - 1]!.shown;
      seen.add(before);
      if (elapsed) return matches(texts, shown, union);
      if (!seen.has(shown) && matches(texts, shown, union)) return true;
      for (let lost = before + 1; lost < shown; lost++) {
        if (!seen.has(lost) && matches(texts, lost, union)) return true;
      }
      return false;
    })
    .map(({ at }) => new Date(at));
}

function matches(texts: FieldTexts, shown: number, union: boolean): boolean {
  const date = new Date(shown * MINUTE);
  const byDate = holds(texts.dayOfMonth, date.getUTCDate(), 1);
  const byName = holds(texts.dayOfWeek, date.getUTCDay(), 0);
  const either = union && !texts.dayOfMonth.startsWith('*') && !texts.dayOfWeek.startsWith('*');
  return (
    holds(texts.minute, date.getUTCMinutes(), 0) &&
    holds(texts.hour, date.getUTCHours(), 0) &&
    holds(texts.monthOfYear, date.getUTCMonth() + 1, 1) &&
    (either ? byDate || byName : byDate && byName)
  );
}

function holds(text: string, value: number, lowest: number): boolean {
  return text.split(',').some((part) => {
    const [range, step = '1'] = part.split('/');
    const [from, to = from] = range === '*' ? [lowest, Infinity] : range!.split('-').map(Number);
    return value >= from! && value <= to! && (value - from!) % Number(step) === 0;
  });
}
