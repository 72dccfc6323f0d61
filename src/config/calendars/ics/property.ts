import type ICAL from 'ical.js';
import { quote } from '../../../schedule/text.ts';
import { onDemand } from '../../../util/on-demand.ts';
import type { Component, ContentLine } from './components.ts';
import { IcsError } from './problem.ts';

const ical = onDemand((require) => require('ical.js') as typeof ICAL);

/** A property with its parameters and decoded values. */
export interface Property {
  readonly line: number;
  /** Keys in lower case, such as `tzid`. */
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  /** Texts, such as `2030-12-24` and `2030-12-24T09:00:00Z`; a period is a pair of texts. */
  readonly values: readonly unknown[];
}

/** The properties of that name. Throws an `IcsError` for a line that cannot be parsed. */
export function findAll(component: Component, name: string): readonly Property[] {
  return component.properties.filter((each) => each.name === name).map(parse);
}

/** The property of that name, or `undefined`. Throws an `IcsError` also if there are several. */
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

/** The value of a property without parameters as it is written. */
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
  const { Duration } = ical();
  if (typeof text !== 'string' || !Duration.isValueString(text)) {
    throw new IcsError(line, `expected a duration such as P1D or PT2H30M, got ${quote(text)}`);
  }
  const { weeks, days, hours, minutes, seconds, isNegative } = readDuration(text, line);
  if (isNegative) throw new IcsError(line, `${quote(text)} is negative`);
  const elapsed = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return { days: weeks * 7 + days, elapsed };
}

function readDuration(text: string, line: number): ICAL.Duration {
  try {
    return ical().Duration.fromString(text);
  } catch {
    throw new IcsError(line, `expected a duration such as P1D or PT2H30M, got ${quote(text)}`);
  }
}
