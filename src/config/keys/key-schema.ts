import { z } from 'zod';
import { listSpellings } from './spellings.ts';

/**
 * The keys that are allowed at one place of a configuration, in all their spellings, and the keys below them,
 * taken from the zod schema. Where that allows anything (args, kwargs, headers) there is none, so that nothing
 * in there is renamed.
 */
export interface KeySchema {
  readonly kind: 'settings' | 'map' | 'list';
  readonly top: boolean;
  /** Canonical keys; empty for a map, whose keys are the user's, and for a list. */
  readonly keys: readonly string[];
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
    return (schema.options as z.ZodType[])
      .map((option) => readKeySchema(option))
      .find((found) => found);
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
  spellings: new Map<string, string>(),
  nullable: new Set<string>(),
  inside: new Map<string, KeySchema>(),
} as const;

function readObject(schema: z.ZodObject, top: boolean): KeySchema {
  const keys = Object.keys(schema.shape);
  const spellings = new Map<string, string>();
  const nullable = new Set<string>();
  const inside = new Map<string, KeySchema>();
  for (const key of keys) {
    for (const spelling of listSpellings(key, top)) spellings.set(spelling, key);
    const value = schema.shape[key] as z.ZodType;
    if (isNullable(value)) nullable.add(key);
    const below = readKeySchema(value);
    if (below) inside.set(key, below);
  }
  return { kind: 'settings', top, keys, spellings, nullable, inside, each: undefined };
}

function isNullable(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodOptional) return isNullable(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodNullable;
}
