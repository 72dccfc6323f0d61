import type { z } from 'zod';
import { didYouMean } from '../util/did-you-mean.ts';
import { describeError, ConfigError } from '../util/errors.ts';
import type { Diagnostic, Report } from '../util/diagnostic.ts';
import { isMap } from '../util/is-map.ts';
import { reportIssues } from '../util/zod-issues.ts';
import { schemaBelow, type KeySchema } from './keys/key-schema.ts';
import { explainRejectedKey } from './keys/rejected-keys.ts';

export { expected } from '../util/expected.ts';
export type { Report } from '../util/diagnostic.ts';
export type Path = Diagnostic['path'];

/** Parses a value with a schema. Reports all errors; returns `undefined` after an error. */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  { path, keys, report }: { readonly path: Path; readonly keys: KeySchema | undefined; readonly report: Report },
): z.output<S> | undefined {
  const result = tryParse(schema, value);
  if (typeof result === 'string') return void report(path, result);
  if (result.success) return result.data;
  reportIssues(result.error, value, {
    report: (inner, message) => report([...path, ...inner], message),
    reportUnknown(inner, unknown) {
      const here = inner.reduce(schemaBelow, keys);
      for (const key of unknown) {
        report([...path, ...inner, key], explainUnknownKey(key, here, inner.at(-1)));
      }
    },
  });
  return undefined;
}

/** Returns the result of the schema, or the reason as text if a user's object throws during the read. */
export function tryParse<S extends z.ZodType>(schema: S, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (error) {
    return `cannot be read, as it threw: ${describeError(error)}`;
  }
}

function explainUnknownKey(key: string, keys: KeySchema | undefined, parent: string | number | undefined): string {
  const rejected = explainRejectedKey(key, keys, parent);
  if (rejected !== undefined) return rejected;
  const option = keys?.inside.get('options')?.spellings.get(key);
  if (option) return `unknown here; it belongs under options: {${option}: …}`;
  const own = (key.includes('_') ? keys?.snakeKeys : keys?.keys) ?? [];
  // A mistake in an old name is closer to the old name than to the new one.
  const hint = didYouMean(key, [...own, ...(keys?.spellings.keys() ?? [])]);
  return `unknown key${hint || `; allowed: ${own.filter((name) => name !== '$schema').join(', ')}`}`;
}

/** The value at a path in maps; `undefined` if there is none. */
export function valueAt(map: object, path: Path): unknown {
  return path.reduce<unknown>((here, key) => (isMap(here) ? here[key] : undefined), map);
}

export function eachText(value: unknown, path: Path, visit: (text: string, path: Path) => void, seen = new WeakSet()) {
  if (typeof value === 'string') visit(value, path);
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const [key, item] of Object.entries(value)) {
    eachText(item, [...path, Array.isArray(value) ? Number(key) : key], visit, seen);
  }
}

/** Runs `make`. Reports an exception as errors at the path. */
export function attempt<T>(make: () => T, path: Path, report: Report): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.errors) report([...path, ...problem.path], problem.message);
    } else {
      report(path, describeError(error));
    }
    return undefined;
  }
}
