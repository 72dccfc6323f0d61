import { z } from 'zod';

/** The documentation of an option, for editors and docs/configuration.md. */
export interface OptionDoc {
  readonly description: string;
  /** The value that means the same as leaving the option out. */
  readonly default?: unknown;
  /** The default in words, if it is not a fixed value. */
  readonly otherwise?: string;
  readonly example?: unknown;
  /** The unit of a number, such as `bytes`; durations need none. */
  readonly unit?: string;
  /** Accepted so that one file serves workers and beat alike; beat does not use it. */
  readonly ignored?: boolean;
  /** A name in `$defs` of the JSON Schema, for maps and unions that several options share. */
  readonly id?: string;
}

/** The name of a schema in the generated types, and where a type that is not generated is exported. */
export interface TypeName {
  readonly name: string;
  readonly description?: string;
  /** The file under src/ that exports the type; absent for a generated one. */
  readonly from?: string;
  /** The type if the schema does not determine it, and its types by the files under src/ that export them. */
  readonly type?: string;
  readonly imports?: Readonly<Record<string, string>>;
  /** A generated type that this one extends. */
  readonly extends?: string;
  /** The name of an index signature for keys that the schema ignores. */
  readonly others?: string;
}

export const OPTION_DOCS = z.registry<OptionDoc>();
export const TYPE_NAMES = z.registry<TypeName>();

/** The settings that a shape validates, any of which may be absent. */
export type ShapeOutput<S extends Readonly<Record<string, z.ZodType>>> = {
  readonly [K in keyof S]?: z.output<S[K]>;
};

/** An optional key with its documentation. Registering it, unlike `describe`, does not copy the schema. */
export function option<S extends z.ZodType>(
  schema: S,
  description: string,
  more: Omit<OptionDoc, 'description'> = {},
): z.ZodOptional<S> {
  if (!(schema instanceof z.ZodBoolean)) return required(schema.optional(), description, more);
  // The example of a flag is the value that is not its default.
  const example = more.default !== true;
  return required(schema.optional(), description, { example, ...more });
}

/** A key that must be present, with its documentation. */
export function required<S extends z.ZodType>(
  schema: S,
  description: string,
  more: Omit<OptionDoc, 'description'> = {},
): S {
  OPTION_DOCS.add(schema, { description, ...more });
  return schema;
}

/** A key of kombu or Celery that has no effect. By default any value is accepted. */
export function ignored<S extends z.ZodType = z.ZodUnknown>(
  schema: S = z.unknown() as unknown as S,
  description = 'Accepted, and has no effect on beat.',
): z.ZodOptional<S> {
  return required(schema.optional(), description, { ignored: true });
}

/** Gives a schema a name in the generated types. */
export function named<S extends z.ZodType>(
  schema: S,
  name: string,
  more: Omit<TypeName, 'name'> = {},
): S {
  TYPE_NAMES.add(schema, { name, ...more });
  return schema;
}
