import type { CalendarEvent } from '../../../schedule/calendar-events.ts';
import { parseRule } from '../../../schedule/rrule/rrule-text.ts';
import { type RecurrenceRule } from '../../../schedule/rrule/recurrence-days.ts';
import { ConfigError } from '../../../util/errors.ts';
import type { Component } from './components.ts';
import { IcsError } from './problem.ts';
import { findAll, rawValue } from './property.ts';
import { readTime, UTC, type FindZone, type IcsTime } from './times.ts';

export interface RecurrenceContext {
  /** The local time of `DTSTART`. */
  readonly start: number;
  /** Converts a time to a local time of the event. */
  readonly toLocal: (time: IcsTime) => number;
  readonly findZone: FindZone;
}

export type IcsRecurrence = Pick<CalendarEvent, 'rule' | 'added' | 'removed' | 'removedDays'>;

/** Reads `RRULE`, `RDATE` and `EXDATE`. Throws an `IcsError`. */
export function readRecurrence(component: Component, context: RecurrenceContext): IcsRecurrence {
  const { toLocal, findZone } = context;
  const times = (name: string) =>
    findAll(component, name).flatMap((property) => {
      // Periods have a length of their own, see read-events.ts.
      const starts = property.values.filter((value) => !Array.isArray(value));
      return starts.map((value) => readTime(value, property, findZone));
    });
  const removed = times('EXDATE');
  return {
    rule: readRule(component, context),
    added: times('RDATE')
      .map(toLocal)
      .toSorted((a, b) => a - b),
    removed: new Set(removed.filter(({ isDate }) => !isDate).map(toLocal)),
    removedDays: new Set(removed.filter(({ isDate }) => isDate).map(({ local }) => local)),
  };
}

function readRule(
  component: Component,
  { toLocal }: RecurrenceContext,
): RecurrenceRule | undefined {
  const exclusion = component.properties.find(({ name }) => name === 'EXRULE');
  if (exclusion) throw new IcsError(exclusion.line, 'EXRULE is not supported; RFC 5545 has EXDATE');
  const [line, second] = component.properties.filter(({ name }) => name === 'RRULE');
  if (second) throw new IcsError(second.line, 'RRULE is there twice');
  if (!line) return undefined;
  const text = rawValue(line).replace(UNTIL, (_, ...parts: string[]) => {
    const [date, time] = [parts.slice(0, 3).join('-'), parts.slice(3, 6).join(':')];
    const local = toLocal({ isDate: false, local: Date.parse(`${date}T${time}Z`), zone: UTC });
    return `UNTIL=${new Date(local).toISOString().replace(/[-:]|\.000Z$/g, '')}`;
  });
  try {
    const rule = parseRule(text);
    if (!TOO_OFTEN.includes(rule.freq)) return rule;
    throw new IcsError(
      line.line,
      `RRULE: FREQ=${rule.freq} is not supported; events recur hourly at most`,
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const messages = error.errors.map(({ message }) => message);
    throw new IcsError(line.line, `RRULE: ${messages.join('; ')}`);
  }
}

/** An instant in UTC. It becomes a local time, because the rule has local times. */
const UNTIL = /UNTIL=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/i;

/** A search would pass thousands of occurrences a day. */
const TOO_OFTEN = ['MINUTELY', 'SECONDLY'];
