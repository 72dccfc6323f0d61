import type ICAL from 'ical.js';
import { quote } from '../../../schedule/text.ts';
import { onDemand } from '../../../util/on-demand.ts';

/** A property as it is written, such as `DTSTART;VALUE=DATE:20301224`, unfolded. */
interface ContentLine {
  /** From 1. */
  readonly line: number;
  /** In upper case. */
  readonly name: string;
  readonly text: string;
}

/** A component, from `BEGIN` to `END`. */
export interface Component {
  /** In upper case, such as `VEVENT`. */
  readonly name: string;
  readonly line: number;
  readonly properties: ContentLine[];
  readonly components: Component[];
}

/** Splits an iCalendar file (RFC 5545) into its components. Throws an `IcsError` for any other text. */
export function parseComponents(text: string): readonly Component[] {
  const root = open('', 1);
  const stack = [root];
  for (const content of unfold(text)) {
    const { line, name } = content;
    const current = stack.at(-1)!;
    const value = content.text
      .slice(name.length + 1)
      .trim()
      .toUpperCase();
    if (name === 'BEGIN') {
      const component = open(value, line);
      current.components.push(component);
      stack.push(component);
    } else if (name === 'END') {
      if (stack.length === 1 || current.name !== value) throw new IcsError(line, `END:${value} without BEGIN:${value}`);
      stack.pop();
    } else if (stack.length === 1) {
      throw new IcsError(line, `is not a calendar file: expected BEGIN:VCALENDAR, got ${quote(content.text)}`);
    } else current.properties.push(content);
  }
  const { name, line } = stack.at(-1)!;
  if (stack.length > 1) throw new IcsError(line, `BEGIN:${name} without END:${name}; is the file complete?`);
  if (root.components.length === 0) throw new IcsError(1, 'is empty; a calendar file begins with BEGIN:VCALENDAR');
  return root.components;
}

function open(name: string, line: number): Component {
  return { name, line, properties: [], components: [] };
}

/** A line that begins with a blank continues the one before. */
function* unfold(text: string): Generator<ContentLine> {
  let current: { line: number; text: string } | undefined;
  for (const [i, each] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^[ \t]/.test(each) && current) current.text += each.slice(1);
    else {
      if (current) yield toContent(current);
      current = each.trim() === '' ? undefined : { line: i + 1, text: each };
    }
  }
  if (current) yield toContent(current);
}

function toContent({ line, text }: { readonly line: number; readonly text: string }): ContentLine {
  const [, name] = /^([\w-]+)[:;]/.exec(text) ?? [];
  if (name !== undefined) return { line, name: name.toUpperCase(), text };
  throw new IcsError(line, `is not a line of a calendar file: ${quote(text)}`);
}

/** A problem in a calendar file, with its line (from 1). */
export class IcsError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const ical = onDemand((require) => require('ical.js') as typeof ICAL);

/** A property with its parameters and decoded values. */
export interface Property {
  readonly line: number;
  /** Keys in lower case, such as `tzid`. */
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  /** Texts, such as `2030-12-24` and `2030-12-24T09:00:00Z`; a period is a pair of texts. */
  readonly values: readonly unknown[];
}

export function findAll(component: Component, name: string): readonly Property[] {
  return component.properties.filter((each) => each.name === name).map(parse);
}

/** Finds the property of a name, or `undefined`. Throws an `IcsError` also for several properties of the name. */
export function find(component: Component, name: string): Property | undefined {
  const [found, second] = findAll(component, name);
  if (second) throw new IcsError(second.line, `${name} is there twice`);
  return found;
}

/** The value of a property as text, such as `SUMMARY`; `undefined` without the property. */
export function findText(component: Component, name: string): string | undefined {
  const value = findAll(component, name)[0]?.values[0];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The value of a property without parameters, such as `STATUS`, as it is written; `undefined` without the property. */
export function findRaw(component: Component, name: string): string | undefined {
  const line = component.properties.find((each) => each.name === name);
  return line && rawValue(line);
}

export function rawValue({ text }: ContentLine): string {
  return text.slice(text.indexOf(':') + 1).trim();
}

function parse({ line, text, name }: ContentLine): Property {
  try {
    const [, parameters, , ...values] = ical().parse.property(text) as [
      name: string,
      parameters: Property['parameters'],
      type: string,
      ...values: unknown[],
    ];
    return { line, parameters, values };
  } catch {
    throw new IcsError(line, `${name} cannot be parsed: ${quote(text)}`);
  }
}

/** Calendar days and elapsed milliseconds of a text such as `P1DT2H`. Throws an `IcsError`. */
export function parseLength(text: unknown, line: number): { days: number; elapsed: number } {
  const { weeks, days, hours, minutes, seconds, isNegative } = readDuration(text, line);
  if (isNegative) throw new IcsError(line, `${quote(text)} is negative`);
  return { days: weeks * 7 + days, elapsed: ((hours * 60 + minutes) * 60 + seconds) * 1_000 };
}

function readDuration(text: unknown, line: number): ICAL.Duration {
  const { Duration } = ical();
  try {
    if (typeof text === 'string' && Duration.isValueString(text)) return Duration.fromString(text);
  } catch {
    // Reported below, as a text that is not a duration.
  }
  throw new IcsError(line, `expected a duration such as P1D or PT2H30M, got ${quote(text)}`);
}
