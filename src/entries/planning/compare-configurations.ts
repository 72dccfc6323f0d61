import { Catalog } from '../catalog/catalog.ts';
import { compareEntries, hasFunctions, type FieldChange } from '../catalog/compare-entries.ts';
import type { Entry } from '../catalog/entry.ts';
import { compareOccurrences, type OccurrenceChange, type Period } from './compare-occurrences.ts';
import { runAtOnce } from '../../util/steps.ts';

/** An entry that is in both configurations, and in which they differ. */
export interface EditedEntry {
  readonly before: Entry;
  readonly after: Entry;
  readonly fields: readonly FieldChange[];
}

/** What a change of configuration does. */
export interface Differences {
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
  readonly edited: readonly EditedEntry[];
  readonly occurrences: readonly OccurrenceChange[];
  readonly period: Period;
  /** Entries of both configurations with functions, which are not compared. */
  readonly withFunctions: readonly string[];
}

/** Compares the entries of two configurations, and when they are due in a period. */
export function compareConfigurations(
  old: readonly Entry[],
  current: readonly Entry[],
  period: Period,
): Differences {
  const catalog = new Catalog(old);
  const entries = new Map(old.map((entry) => [entry.name, entry]));
  const replacement = runAtOnce(catalog.compare(current));
  const { added, removed, changed } = replacement.difference;
  catalog.replace(replacement);
  const pairs = changed.map((name) => ({ before: entries.get(name)!, after: catalog.find(name)! }));
  const edited = pairs
    .map((pair) => ({ ...pair, fields: compareEntries(pair.before, pair.after) }))
    .filter(({ fields }) => fields.length > 0);
  const names = [...added, ...removed, ...edited.map(({ after }) => after.name)].toSorted();
  return {
    added: added.map((name) => catalog.find(name)!),
    removed: removed.map((name) => entries.get(name)!),
    edited,
    occurrences: names.flatMap(
      (name) => compareOccurrences(entries.get(name), catalog.find(name), period) ?? [],
    ),
    period,
    withFunctions: pairs.filter(({ after }) => hasFunctions(after)).map(({ after }) => after.name),
  };
}
