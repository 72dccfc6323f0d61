import { z } from 'zod';
import { listSpellings, snakeCase } from './spellings.ts';
import { isMap } from '../../util/is-map.ts';
import { isSchedule } from '../schedules/schema.ts';
import type { Diagnostic, Report } from '../../util/diagnostic.ts';

type Path = Diagnostic['path'];

/** The allowed keys at one place, from the zod schema; none for a map of the user's, whose keys are not renamed. */
export interface KeySchema {
  readonly kind: 'settings' | 'map' | 'list';
  readonly top: boolean;
  /** Canonical keys; empty for a map, whose keys are the user's, and for a list. */
  readonly keys: readonly string[];
  readonly snakeKeys: readonly string[];
  /** Spelling → canonical key. */
  readonly spellings: ReadonlyMap<string, string>;
  /** Keys for which `null` is a value; for others it means "absent", as in Python and YAML. */
  readonly nullable: ReadonlySet<string>;
  readonly inside: ReadonlyMap<string, KeySchema>;
  /** The schema of every value of a map or list. */
  readonly each: KeySchema | undefined;
}

export function readKeySchema(schema: z.ZodType, top = false): KeySchema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return readKeySchema(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) {
    return (schema.options as z.ZodType[]).map((option) => readKeySchema(option)).find((found) => found);
  }
  if (schema instanceof z.ZodRecord) {
    const each = readKeySchema(schema.valueType as z.ZodType);
    return each && { ...EMPTY, each };
  }
  if (schema instanceof z.ZodArray) {
    const each = readKeySchema(schema.element as z.ZodType);
    return each && { ...EMPTY, kind: 'list', each };
  }
  return schema instanceof z.ZodObject ? readObject(schema, top) : undefined;
}

const EMPTY = {
  kind: 'map',
  top: false,
  keys: [],
  snakeKeys: [],
  spellings: new Map<string, string>(),
  nullable: new Set<string>(),
  inside: new Map<string, KeySchema>(),
} as const;

function readObject({ shape }: z.ZodObject, top: boolean): KeySchema {
  const keys = Object.keys(shape);
  const inside = keys.flatMap((key) => {
    const below = readKeySchema(shape[key] as z.ZodType);
    return below ? [[key, below] as const] : [];
  });
  return {
    kind: 'settings',
    top,
    keys,
    snakeKeys: keys.map(snakeCase),
    spellings: new Map(keys.flatMap((key) => listSpellings(key, top).map((spelling) => [spelling, key]))),
    nullable: new Set(keys.filter((key) => isNullable(shape[key] as z.ZodType))),
    inside: new Map(inside),
    each: undefined,
  };
}

function isNullable(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodOptional) return isNullable(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodNullable;
}

/** The value with canonical keys, without absent (`null`) and `x-` ones; itself if normalized. Unknown keys stay. */
export function normalizeKeys(value: unknown, schema: KeySchema, path: Path, report: Report): unknown {
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

/** Whether a value needs no copy. Nearly all values are normalized, also with a hundred thousand entries. */
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

export function schemaBelow(schema: KeySchema | undefined, name: string | number): KeySchema | undefined {
  return schema?.each ?? schema?.inside.get(String(name));
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
    value = isMap(value) || Array.isArray(value) ? (value as Record<string, unknown>)[key] : undefined;
    here = schemaBelow(here, name);
    return key;
  });
}

function findSpelling(name: string, map: unknown, schema: KeySchema | undefined): string | undefined {
  if (!isMap(map) || Object.hasOwn(map, name)) return name;
  return Object.keys(map).find((key) => schema?.spellings.get(key) === name);
}
