import type { Level } from './key-schema.ts';
import { isSchedule } from '../schedules/schema.ts';
import type { Path, Report } from '../validate.ts';

/** A map as a text file or a literal makes it; instances of classes are left alone. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The value with canonical names wherever the level knows them, and without what is `null` (not given)
 * or begins with `x-` (left alone). Unknown names stay as they are, for the schema to refuse. Values
 * that need no change are returned as they are, uncopied.
 */
export function respell(value: unknown, level: Level, path: Path, report: Report): unknown {
  if (isSpelledRight(value, level)) return value;
  const { each } = level;
  if (Array.isArray(value) && each) {
    return value.map((item: unknown, i) => respell(item, each, [...path, i], report));
  }
  const map = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  const cameFrom = new Map<string, string>();
  for (const key of Object.keys(map)) {
    if (key === '__proto__') {
      report([...path, key], 'a name that JavaScript keeps for itself; use another');
      continue;
    }
    const name = level.names.get(key) ?? key;
    if (isLeftOut(key, name, map[key], level)) continue;
    const other = cameFrom.get(name);
    if (other !== undefined) {
      report([...path, key], `the same as "${other}", spelled differently; keep one of them`);
    }
    cameFrom.set(name, key);
    const below = belowOf(level, name);
    copy[name] = below ? respell(map[key], below, [...path, name], report) : map[key];
  }
  return copy;
}

/** Nearly all are, and then a hundred thousand entries need not be copied. */
function isSpelledRight(value: unknown, level: Level): boolean {
  if (level.kind === 'list' && Array.isArray(value)) {
    return value.every((item) => isSpelledRight(item, level.each!));
  }
  if (!isMap(value) || isSchedule(value) || level.kind === 'list') return true;
  for (const key in value) {
    if (key === '__proto__' || (level.names.get(key) ?? key) !== key) return false;
    const inner = value[key];
    if (isLeftOut(key, key, inner, level)) return false;
    const below = belowOf(level, key);
    if (below && !isSpelledRight(inner, below)) return false;
  }
  return true;
}

function belowOf(level: Level, name: string): Level | undefined {
  return level.each ?? level.inside.get(name);
}

function isLeftOut(key: string, name: string, value: unknown, level: Level): boolean {
  if (level.kind !== 'settings') return false;
  if (value === undefined) return true;
  if (level.top && key.startsWith('x-')) return true;
  return value === null && level.names.has(key) && !level.nullable.has(name);
}

/** A path of canonical names, in the spellings that the user chose. */
export function asWritten(path: Path, config: unknown, level: Level): Path {
  let here: unknown = config;
  let at: Level | undefined = level;
  return path.map((name) => {
    const key = typeof name === 'number' ? name : (spelledAs(name, here, at) ?? name);
    here = isMap(here) || Array.isArray(here) ? (here as Record<string, unknown>)[key] : undefined;
    at = at?.each ?? at?.inside.get(String(name));
    return key;
  });
}

function spelledAs(name: string, map: unknown, level: Level | undefined): string | undefined {
  if (!isMap(map) || Object.hasOwn(map, name)) return name;
  return Object.keys(map).find((key) => level?.names.get(key) === name);
}
