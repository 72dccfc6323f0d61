import type { z } from 'zod';
import { readKeySchema } from '../../config/keys/key-schema.ts';
import { parse } from '../../config/validate.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';

/** Validates the parameters of a request. Throws a `ConfigError` with all problems. */
export function readQuery<S extends z.ZodObject>(
  schema: S,
  given: Readonly<Record<string, unknown>>,
): z.output<S> {
  const errors: Diagnostic[] = [];
  const report = (path: Diagnostic['path'], message: string) =>
    void errors.push(errorAt(path, message));
  const query = parse(schema, given, { path: [], keys: readKeySchema(schema), report });
  if (query === undefined || errors.length > 0) throw new ConfigError(errors);
  return query;
}
