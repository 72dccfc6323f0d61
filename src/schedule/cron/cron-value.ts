import { didYouMean } from '../../util/did-you-mean.ts';
import { CRON_FIELDS, lastValue, type CronField } from './cron-fields.ts';
import { quote } from '../quote.ts';

/** An invalid part of a field; the message names the field and the part. */
export class PartError extends Error {
  constructor({ name }: CronField, part: string, why: string) {
    super(`${name}: ${quote(part)} ${why}`);
  }
}

export interface Values {
  readonly values: readonly number[];
  /** The part has `*`, a range or a step, so it describes elapsed time: see clock-changes.ts. */
  readonly stepped: boolean;
}

/** Parses a number, a name, `*` or a range, with or without a step. */
export function readValues(field: CronField, part: string): Values {
  const [span, step, ...more] = part.split('/') as [string, ...string[]];
  if (more.length > 0) throw new PartError(field, part, 'has more than one step');
  const values = readSpan(field, span, part, step !== undefined);
  const stepped = step !== undefined || isStar(span) || span.includes('-');
  if (step === undefined) return { values, stepped };
  const width = readStep(field, part, step);
  if (width > field.count)
    throw new PartError(field, part, describeWideStep(field, values[0]!, width));
  return { values: values.filter((_, i) => i % width === 0), stepped };
}

/** Parses a single value. Throws a `PartError` with the closest name. */
export function readValue(field: CronField, text: string, part: string): number {
  if (/^\d+$/.test(text)) return inRange(field, Number(text), text, part);
  const index = field.names.indexOf(text.toLowerCase());
  if (index >= 0) return field.lowest + index;
  const why = `is invalid; allowed: ${field.allowed}, with * , - and /${nameGuess(field, text)}`;
  throw new PartError(field, part, why);
}

/** Parses a range, which may wrap around the end of the field. */
export function readRange(field: CronField, from: string, to: string, part: string): number[] {
  const first = readValue(field, from, part);
  const last = readValue(field, to, part);
  if (first <= last) return sequence(first, last);
  if (!field.wraps) throw new PartError(field, part, `is backwards; write "${to}-${from}"`);
  return [...sequence(first, lastValue(field)), ...sequence(field.lowest, last)];
}

export function readStep(field: CronField, part: string, step: string): number {
  if (/^\d+$/.test(step) && Number(step) > 0) return Number(step);
  throw new PartError(field, part, 'has a step that is not a positive integer');
}

export function sequence(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

function readSpan(field: CronField, span: string, part: string, open: boolean): number[] {
  if (isStar(span)) return sequence(field.lowest, lastValue(field));
  const ends = span.split('-');
  if (ends.length === 2) return readRange(field, ends[0]!, ends[1]!, part);
  const value = readValue(field, span, part);
  return open ? sequence(value, Math.max(value, lastValue(field))) : [value];
}

function isStar(span: string): boolean {
  return span === '*' || span === '?';
}

/** A step starts again in each hour, day or year, so a step of 90 minutes matches only the first value. */
function describeWideStep({ name, count, unit }: CronField, only: number, step: number): string {
  const interval = unit === undefined ? '' : `, or "@every ${step}${unit}" for an interval`;
  return `has a step larger than the field's ${count} values, so it matches only ${name} ${only}; write ${only}${interval}`;
}

function inRange(field: CronField, value: number, text: string, part: string): number {
  const { name, lowest, highest } = field;
  if (value >= lowest && value <= highest) return value;
  const within = text === part ? '' : ` in ${quote(part)}`;
  const year =
    name === 'day of week' && value >= 1970
      ? '; the year is the seventh field, after the seconds first: "0 0 9 1 1 * 2027"'
      : '';
  throw new PartError(field, text, `is out of range ${lowest}-${highest}${within}${year}`);
}

function nameGuess({ names }: CronField, text: string): string {
  const word = text.toLowerCase();
  const [first, second] = [names.find((name) => word.startsWith(name)), word.slice(3)];
  if (first !== undefined && names.includes(second)) {
    return `; did you mean "${first},${second}" or "${first}-${second}"?`;
  }
  const near = first ?? names.find((name) => word.includes(name));
  if (near !== undefined) return `; did you mean "${near}"?`;
  const other = CRON_FIELDS.find((field) => field.names.includes(word));
  return other ? `; "${word}" belongs in the ${other.name}` : didYouMean(word, names);
}
