import { cronTimes } from '../../schedule/limits/cron-times.ts';
import { dates } from '../../schedule/limits/dates.ts';
import type { TimeSet } from '../../schedule/limits/time-set.ts';
import { union } from '../../schedule/limits/union.ts';
import { attempt } from '../schedules/attempt.ts';
import type { Path, Report } from '../validate.ts';
import type { CalendarInput } from './schema.ts';

/** Reads a calendar, which its name describes if it has one. Returns `undefined` after errors, with paths from `path`. */
export function readCalendar(
  calendar: CalendarInput,
  name: string | undefined,
  path: Path,
  report: Report,
): TimeSet | undefined {
  const read = (key: keyof CalendarInput, make: (texts: readonly string[]) => TimeSet[]) => {
    const given = calendar[key];
    if (given === undefined) return [];
    const isList = Array.isArray(given);
    return attempt(
      () => make(isList ? given : [given]),
      [],
      (inner, message) => {
        report([...path, key, ...(isList ? inner : [])], message);
      },
    );
  };
  const parts = [
    read('dates', (texts) => [dates(texts)]),
    read('weekdays', (texts) => [describe(cronTimes(`* * * * ${texts.join(',')}`), texts)]),
    read('cron', (texts) => texts.map(cronTimes)),
  ];
  const sets = parts.flatMap((part) => part ?? []);
  if (parts.includes(undefined)) return undefined;
  if (sets.length === 0) {
    report(path, 'is empty; add dates, weekdays or cron');
    return undefined;
  }
  return union(sets, name ?? sets.map(({ description }) => description).join(' or '));
}

function describe(set: TimeSet, texts: readonly string[]): TimeSet {
  return { ...set, description: texts.join(',') };
}
