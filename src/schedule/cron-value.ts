import { didYouMean } from '../util/did-you-mean.ts';
import { CRON_FIELDS, lastOf, type CronField } from './cron-fields.ts';
import { show } from './show.ts';

/** What is wrong with a part of a field; the message names the field and the part. */
export class PartError extends Error {
  constructor({ name }: CronField, part: string, why: string) {
    super(`${name}: ${show(part)} ${why}`);
  }
}

export interface Values {
  readonly values: readonly number[];
  /** It holds `*`, a range or a step: it describes a distance rather than certain times. */
  readonly stepped: boolean;
}

/** A number, a name, `*` or a range, and perhaps a step: what every field takes. */
export function readValues(field: CronField, part: string): Values {
  const [span, step, ...more] = part.split('/') as [string, ...string[]];
  if (more.length > 0) throw new PartError(field, part, 'has more than one step');
  const values = readSpan(field, span, part, step !== undefined);
  const stepped = step !== undefined || isStar(span) || span.includes('-');
  if (step === undefined) return { values, stepped };
  const width = readStep(field, part, step);
  if (width > field.count) throw new PartError(field, part, tooWide(field, values[0]!, width));
  return { values: values.filter((_, i) => i % width === 0), stepped };
}

/** A single value; a `PartError` for what is none, with the closest name. */
export function readValue(field: CronField, text: string, part: string): number {
  if (/^\d+$/.test(text)) return inRange(field, Number(text), text, part);
  const index = field.names.indexOf(text.toLowerCase());
  if (index >= 0) return field.lowest + index;
  const why = `is not understood; allowed: ${field.allowed}, with * , - and /${nameGuess(field, text)}`;
  throw new PartError(field, part, why);
}

/** From one value to another, past the end of the field if need be. */
export function readRange(field: CronField, from: string, to: string, part: string): number[] {
  const first = readValue(field, from, part);
  const last = readValue(field, to, part);
  if (first <= last) return sequence(first, last);
  if (!field.wraps) throw new PartError(field, part, `runs backwards: write "${to}-${from}"`);
  return [...sequence(first, lastOf(field)), ...sequence(field.lowest, last)];
}

export function readStep(field: CronField, part: string, step: string): number {
  if (/^\d+$/.test(step) && Number(step) > 0) return Number(step);
  throw new PartError(field, part, `has a step that is not a whole number from 1 on`);
}

export function sequence(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

function readSpan(field: CronField, span: string, part: string, open: boolean): number[] {
  if (isStar(span)) return sequence(field.lowest, lastOf(field));
  const ends = span.split('-');
  if (ends.length === 2) return readRange(field, ends[0]!, ends[1]!, part);
  const value = readValue(field, span, part);
  return open ? sequence(value, Math.max(value, lastOf(field))) : [value];
}

function isStar(span: string): boolean {
  return span === '*' || span === '?';
}

// Steps begin anew with each round of the field, so a step of 90 minutes never gets past the first value.
function tooWide({ name, count, unit }: CronField, only: number, step: number): string {
  const interval = unit === undefined ? '' : `, or "@every ${step}${unit}" for an interval`;
  return `has a step of more than the ${count} values of the field, so that only ${name} ${only} is left; write ${only}${interval}`;
}

function inRange(field: CronField, value: number, text: string, part: string): number {
  const { name, lowest, highest } = field;
  if (value >= lowest && value <= highest) return value;
  const within = text === part ? '' : ` in ${show(part)}`;
  const year =
    name === 'day of week' && value >= 1970
      ? '; a year is the seventh field, with the seconds in front: "0 0 9 1 1 * 2027"'
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
