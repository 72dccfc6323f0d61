import { z } from 'zod';
import { readKeySchema } from '../../config/keys/key-schema.ts';
import { parse } from '../../config/validate.ts';
import { parsePlace } from '../../read-models/status/status-page.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { shape } from '../../util/shape.ts';
import { readExactInstant, REQUEST_INSTANT_FORMS } from '../request-instant.ts';

const upTo = (most: number) => {
  const text = `a whole number from 1 to ${most}`;
  return z.coerce.number(text).int(text).min(1, text).max(most, text);
};
const limit = (most: number, otherwise: number) => upTo(most).default(otherwise);

const search = z
  .string()
  .max(200, 'at most 200 characters')
  .default('')
  .describe('Part of a name, or of a task of the configuration, in any case.');
const PLACE = '`next` of the page before';
const after = z
  .string()
  .refine((text) => parsePlace(text) !== null, PLACE)
  .nullable()
  .default(null)
  .describe(`${PLACE}.`);

export const statusQuery = z.strictObject({ search, limit: limit(1_000, 100), after });

export const nextQuery = z.strictObject({ count: limit(1_000, 20) });
export const historyQuery = z.strictObject({
  limit: limit(1_000, 100),
  before: z
    .string()
    .regex(/^\d{1,15}(-[\w-]+)?$/, PLACE)
    .optional()
    .describe(`${PLACE}.`),
});
export const whyQuery = z.strictObject({
  at: z
    .string()
    .refine((text) => readExactInstant(text) !== null, REQUEST_INSTANT_FORMS)
    .optional()
    .describe('An instant in ISO 8601 with an offset or `Z`; now without it.'),
});
export const auditQuery = z.strictObject({ limit: limit(10_000, 100) });
export const commandQuery = z.strictObject({
  wait: z.coerce
    .number('a number of milliseconds from 0 to 30000')
    .min(0, 'a number of milliseconds from 0 to 30000')
    .max(30_000, 'a number of milliseconds from 0 to 30000')
    .default(5_000)
    .describe('How long to wait for the answer of the leader, in milliseconds.'),
});
export const eventsQuery = z.strictObject({
  entry: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .describe('Names of up to 200 entries whose status is streamed.'),
  limit: upTo(200).optional().describe('With it, the entries of this page of `/api/status` are streamed too.'),
  search,
  after,
});

export const problem = shape(
  'Problem',
  'An error: RFC 9457.',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).optional(),
  }),
);

/** Validates the parameters of a request. Throws a `ConfigError` with all problems. */
export function readQuery<S extends z.ZodObject>(schema: S, given: Readonly<Record<string, unknown>>): z.output<S> {
  const errors: Diagnostic[] = [];
  const report = (path: Diagnostic['path'], message: string) => void errors.push(errorAt(path, message));
  const query = parse(schema, given, { path: [], keys: readKeySchema(schema), report });
  if (query === undefined || errors.length > 0) throw new ConfigError(errors);
  return query;
}
