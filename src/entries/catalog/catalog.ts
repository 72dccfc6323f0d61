import { isDeepStrictEqual } from 'node:util';
import type { Steps } from '../../util/steps.ts';
import type { Entry } from './entry.ts';

/** The names of the entries in which two configurations differ. */
export interface Difference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Entries to replace the current ones with, by name, and how they differ. */
export interface Replacement {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly difference: Difference;
}

/** The entries as they are now, by name. Components look entries up here and hold no list of their own. */
export class Catalog implements Iterable<Entry> {
  #entries: ReadonlyMap<string, Entry>;

  constructor(entries: Iterable<Entry> = []) {
    this.#entries = new Map(Array.from(entries, (entry) => [entry.name, entry]));
  }

  find(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  get names(): Iterable<string> {
    return this.#entries.keys();
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  /** Compares all entries with their replacements. An unchanged entry stays the same object. */
  *compare(entries: Iterable<Entry>): Steps<Replacement> {
    const before = this.#entries;
    const after = new Map<string, Entry>();
    const added: string[] = [];
    const changed: string[] = [];
    for (const entry of entries) {
      const { name } = entry;
      const old = before.get(name);
      const isSame = old !== undefined && isEqual(old, entry);
      after.set(name, isSame ? old : entry);
      if (!old) added.push(name);
      else if (!isSame) changed.push(name);
      yield;
    }
    const removed = [...before.keys()].filter((name) => !after.has(name));
    return { entries: after, difference: { added, changed, removed } };
  }

  replace({ entries }: Replacement): void {
    this.#entries = entries;
  }
}

function isEqual(a: Entry, b: Entry): boolean {
  if (a.schedule.spec !== b.schedule.spec) return false;
  const [before, after] = [a, b].map((entry) => ({ ...entry, schedule: null }));
  return isDeepStrictEqual(before, after) || isDeepStrictEqual(comparable(before), comparable(after));
}

/** The value, with functions replaced by their `spec`; a function without one is equal only to itself. */
function comparable(value: unknown): unknown {
  if (typeof value === 'function') return 'spec' in value ? value.spec : value;
  if (Array.isArray(value)) return value.map(comparable);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, comparable(inside)]));
}

/** Whether a value is an object literal or a record: no list, and no instance of a class. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
