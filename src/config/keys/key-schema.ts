import { z } from 'zod';
import { spellingsOf } from './spellings.ts';

/**
 * What may stand at one place of a configuration, taken from the schema: the names, in all their
 * spellings, and what lies below. Where the schema says "anything" (args, kwargs, headers) there is no
 * level, and so nothing in there is ever renamed.
 */
export interface Level {
  readonly kind: 'settings' | 'map' | 'list';
  readonly top: boolean;
  /** Canonical names; empty for a map, whose names are the user's, and for a list. */
  readonly keys: readonly string[];
  /** Spelling → canonical name. */
  readonly names: ReadonlyMap<string, string>;
  /** Names for which `null` says something; elsewhere it says "not given", as in Python and YAML. */
  readonly nullable: ReadonlySet<string>;
  readonly inside: ReadonlyMap<string, Level>;
  /** What every value of a map or list is. */
  readonly each: Level | undefined;
}

export function levelOf(schema: z.ZodType, top = false): Level | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return levelOf(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) {
    return (schema.options as z.ZodType[]).map((option) => levelOf(option)).find((found) => found);
  }
  if (schema instanceof z.ZodRecord) {
    const each = levelOf(schema.valueType as z.ZodType);
    return each && { ...EMPTY, each };
  }
  if (schema instanceof z.ZodArray) {
    const each = levelOf(schema.element as z.ZodType);
    return each && { ...EMPTY, kind: 'list', each };
  }
  return schema instanceof z.ZodObject ? settingsLevel(schema, top) : undefined;
}

const EMPTY = {
  kind: 'map',
  top: false,
  keys: [],
  names: new Map<string, string>(),
  nullable: new Set<string>(),
  inside: new Map<string, Level>(),
} as const;

function settingsLevel(schema: z.ZodObject, top: boolean): Level {
  const keys = Object.keys(schema.shape);
  const names = new Map<string, string>();
  const nullable = new Set<string>();
  const inside = new Map<string, Level>();
  for (const key of keys) {
    for (const spelling of spellingsOf(key, top)) names.set(spelling, key);
    const value = schema.shape[key] as z.ZodType;
    if (isNullable(value)) nullable.add(key);
    const below = levelOf(value);
    if (below) inside.set(key, below);
  }
  return { kind: 'settings', top, keys, names, nullable, inside, each: undefined };
}

function isNullable(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodOptional) return isNullable(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodNullable;
}
