import { isMap } from '../../util/is-map.ts';
import { isSchedule } from '../schedules/schema.ts';
import type { Path, Report } from '../validate.ts';
import type { KeySchema } from './key-schema.ts';

/**
 * The value with canonical keys, without keys that are `null` (absent) and without top-level keys that begin with
 * `x-`. Unknown keys stay, for the schema to reject. A value that needs no change is returned itself, not a copy.
 */
export function normalizeKeys(
  value: unknown,
  schema: KeySchema,
  path: Path,
  report: Report,
): unknown {
  if (isNormalized(value, schema)) return value;
  const { each } = schema;
  if (Array.isArray(value) && each) {
    return value.map((item: unknown, i) => normalizeKeys(item, each, [...path, i], report));
  }
  const map = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  const writtenAs = new Map<string, string>();
  for (const key of Object.keys(map)) {
    if (key === '__proto__') {
      report([...path, key], 'a name that JavaScript reserves; use another');
      continue;
    }
    const name = schema.spellings.get(key) ?? key;
    if (isAbsent(key, name, map[key], schema)) continue;
    const other = writtenAs.get(name);
    if (other !== undefined) {
      report([...path, key], `the same as "${other}", spelled differently; keep one of them`);
    }
    writtenAs.set(name, key);
    const below = schemaBelow(schema, name);
    copy[name] = below ? normalizeKeys(map[key], below, [...path, name], report) : map[key];
  }
  return copy;
}

/** Nearly every value is, so that a hundred thousand entries need not be copied. */
function isNormalized(value: unknown, schema: KeySchema): boolean {
  if (schema.kind === 'list' && Array.isArray(value)) {
    return value.every((item) => isNormalized(item, schema.each!));
  }
  if (!isMap(value) || isSchedule(value) || schema.kind === 'list') return true;
  for (const key in value) {
    if (key === '__proto__' || (schema.spellings.get(key) ?? key) !== key) return false;
    const inner = value[key];
    if (isAbsent(key, key, inner, schema)) return false;
    const below = schemaBelow(schema, key);
    if (below && !isNormalized(inner, below)) return false;
  }
  return true;
}

function schemaBelow(schema: KeySchema, name: string): KeySchema | undefined {
  return schema.each ?? schema.inside.get(name);
}

function isAbsent(key: string, name: string, value: unknown, schema: KeySchema): boolean {
  if (schema.kind !== 'settings') return false;
  if (value === undefined) return true;
  if (schema.top && key.startsWith('x-')) return true;
  return value === null && schema.spellings.has(key) && !schema.nullable.has(name);
}

/** A path of canonical keys, in the spellings of the configuration. */
export function pathAsWritten(path: Path, config: unknown, schema: KeySchema): Path {
  let value: unknown = config;
  let here: KeySchema | undefined = schema;
  return path.map((name) => {
    const key = typeof name === 'number' ? name : (findSpelling(name, value, here) ?? name);
    value =
      isMap(value) || Array.isArray(value) ? (value as Record<string, unknown>)[key] : undefined;
    here = here?.each ?? here?.inside.get(String(name));
    return key;
  });
}

function findSpelling(
  name: string,
  map: unknown,
  schema: KeySchema | undefined,
): string | undefined {
  if (!isMap(map) || Object.hasOwn(map, name)) return name;
  return Object.keys(map).find((key) => schema?.spellings.get(key) === name);
}
