import { isDeepStrictEqual } from 'node:util';
import type { Entry } from './entry.ts';

/** A part of an entry that differs. `undefined` means that it is absent. */
export interface FieldChange {
  /** Such as `['options', 'queue']`. */
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Lists the parts in which two entries differ, after defaults were applied. Schedules are compared by `spec`. Functions
 * without a `spec` are not compared: two reads of one module give two functions.
 */
export function compareEntries(before: Entry, after: Entry): readonly FieldChange[] {
  return compareValues([], toPlain(before), toPlain(after));
}

/** Whether an entry has a function that cannot be compared. */
export function hasFunctions(value: unknown): boolean {
  if (typeof value === 'function') return !('spec' in value);
  if (Array.isArray(value)) return value.some(hasFunctions);
  return isPlain(value) && Object.values(value).some(hasFunctions);
}

function toPlain({ schedule, ...entry }: Entry): Readonly<Record<string, unknown>> {
  return { ...entry, schedule: schedule.spec };
}

function compareValues(path: readonly string[], before: unknown, after: unknown): FieldChange[] {
  if (typeof before === 'function' && typeof after === 'function') {
    const [one, other] = [before, after].map((each) => ('spec' in each ? each.spec : null));
    return one === other ? [] : [{ path, before: one, after: other }];
  }
  const isMap = isPlain(before) && isPlain(after);
  const isList = Array.isArray(before) && Array.isArray(after) && before.length === after.length;
  if (!isMap && !isList) return isDeepStrictEqual(before, after) ? [] : [{ path, before, after }];
  const [one, other] = [before, after] as [Record<string, unknown>, Record<string, unknown>];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => compareValues([...path, key], one[key], other[key]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
