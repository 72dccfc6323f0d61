import { z } from 'zod';

/** The schemas of the public shapes, with their names in the OpenAPI document and in docs/api.md. */
export const SHAPES = z.registry<{ readonly id: string }>();

/** Makes a schema a public shape. */
export function shape<S extends z.ZodType>(id: string, description: string, schema: S): S {
  const described = schema.describe(description);
  SHAPES.add(described, { id });
  return described;
}

export type ShapeOf<S extends z.ZodType> = Immutable<z.output<S>>;

export type Immutable<T> = unknown extends T ? T : { readonly [K in keyof T]: Immutable<T[K]> };

/** A public instant: ISO 8601 in UTC with milliseconds, also outside of the years 0 to 9999. */
export const instant = z
  .string()
  .regex(/^(\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time' });

export const instantOrNull = instant.nullable();
export const textOrNull = z.string().nullable();

/** A public duration, milliseconds. */
export const milliseconds = z.number();

export const unreadable = shape(
  'Unreadable',
  'A record that is damaged, or that another program wrote.',
  z.object({
    kind: z.literal('unreadable'),
    id: z.string().describe('The position of a row, or the id of a command or an instance.'),
    at: instantOrNull.describe('When it was written; `null` if its text does not say so.'),
    reason: z.string().describe('What was expected, and the beginning of what was found.'),
    repair: z.string().describe('The shell command that removes it, or when it expires.'),
  }),
);
export type Unreadable = ShapeOf<typeof unreadable>;
