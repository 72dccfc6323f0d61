import { isDeepStrictEqual } from 'node:util';
import { nextAfter } from '../../schedule/next-after.ts';
import { runAtOnce } from '../../util/steps.ts';
import { Catalog, isPlain } from '../catalog/catalog.ts';
import type { Entry } from '../catalog/entry.ts';

/** An entry that is in both configurations, and in which they differ. */
export interface EditedEntry {
  readonly before: Entry;
  readonly after: Entry;
  readonly fields: readonly FieldChange[];
}

export interface Differences {
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
  readonly edited: readonly EditedEntry[];
  readonly occurrences: readonly OccurrenceChange[];
  readonly period: Period;
  /** Entries in both configurations that have functions; functions are not compared. */
  readonly withFunctions: readonly string[];
}

export function compareConfigurations(old: readonly Entry[], current: readonly Entry[], period: Period): Differences {
  const before = new Map(old.map((entry) => [entry.name, entry]));
  const after = new Map(current.map((entry) => [entry.name, entry]));
  const { added, removed, changed } = runAtOnce(new Catalog(old).compare(current)).difference;
  const pairs = changed.map((name) => ({ before: before.get(name)!, after: after.get(name)! }));
  const edited = pairs
    .map((pair) => ({ ...pair, fields: compareValues([], toPlain(pair.before), toPlain(pair.after)) }))
    .filter(({ fields }) => fields.length > 0);
  const names = [...added, ...removed, ...edited.map((pair) => pair.after.name)].toSorted();
  return {
    added: added.map((name) => after.get(name)!),
    removed: removed.map((name) => before.get(name)!),
    edited,
    occurrences: names.flatMap((name) => compareOccurrences(before.get(name), after.get(name), period) ?? []),
    period,
    withFunctions: pairs.filter((pair) => hasFunctions(pair.after)).map((pair) => pair.after.name),
  };
}

/** A stretch of time: later than `after`, up to `until`. Epoch milliseconds. */
export interface Period {
  readonly after: number;
  readonly until: number;
}

/** How the occurrences of one name differ between two configurations. Epoch milliseconds, ascending. */
export interface OccurrenceChange {
  readonly entry: string;
  readonly appear: readonly number[];
  readonly disappear: readonly number[];
  /** Whether the entry has more occurrences than are compared. */
  readonly isPartial: boolean;
}

/** The most occurrences of an entry that are compared. */
export const MAX_COMPARED = 100_000;

/** Compares when an entry is due before and after a change; `null` if equal. Intervals count from the period. */
function compareOccurrences(before: Entry | undefined, after: Entry | undefined, period: Period) {
  const old = list(before, period);
  const current = list(after, period);
  const appear = [...current.difference(old)];
  const disappear = [...old.difference(current)];
  if (appear.length + disappear.length === 0) return null;
  const isPartial = Math.max(old.size, current.size) === MAX_COMPARED;
  return { entry: (after ?? before)!.name, appear, disappear, isPartial };
}

function list(entry: Entry | undefined, { after, until }: Period): ReadonlySet<number> {
  const found = new Set<number>();
  if (!entry?.enabled) return found;
  let at = nextAfter(entry.schedule, after);
  while (at <= until && found.size < MAX_COMPARED) {
    found.add(at);
    at = nextAfter(entry.schedule, at);
  }
  return found;
}

/** A part of an entry that differs. `undefined` means that it is absent. */
export interface FieldChange {
  /** Such as `['options', 'queue']`. */
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

/** Whether an entry has a function that cannot be compared. */
function hasFunctions(value: unknown): boolean {
  if (typeof value === 'function') return !('spec' in value);
  if (Array.isArray(value)) return value.some(hasFunctions);
  return isPlain(value) && Object.values(value).some(hasFunctions);
}

function toPlain({ schedule, ...entry }: Entry): Readonly<Record<string, unknown>> {
  return { ...entry, schedule: schedule.spec };
}

/**
 * Lists the parts in which two values differ, after defaults were applied. Functions without a `spec` are not compared:
 * two reads of one module give two functions.
 */
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
