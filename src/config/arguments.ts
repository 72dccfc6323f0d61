import type { Entry } from '../entry.ts';
import { inspectArgument } from '../message/arguments.ts';
import { fillOf } from '../message/fill.ts';
import { isLazy } from '../message/lazy.ts';
import type { SerializerName } from '../message/serializers/serializer.ts';
import type { Report } from './problems.ts';
import type { EntryInput } from './schema/entry.ts';
import { isMap } from './respell.ts';

const NO_ARGS: readonly unknown[] = Object.freeze([]);
const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * The arguments of an entry, checked at load and not when it is first due. `compute` is there when they,
 * or parts of them, are worked out for each occurrence. `zone` is that of dates in templates.
 */
export function readArguments(
  { args, kwargs }: Partial<EntryInput>,
  { zone, serializer }: { readonly zone: string; readonly serializer: SerializerName },
  report: Report,
): Pick<Entry, 'args' | 'kwargs' | 'compute'> {
  const problems: Parameters<Report>[] = [];
  const note: Report = (...problem) => problems.push(problem);
  if (Array.isArray(args)) inspectArgument(args, ['args'], note, serializer);
  if (isMap(kwargs)) inspectArgument(kwargs, ['kwargs'], note, serializer);
  for (const problem of problems) report(...problem);
  const fixed = {
    args: isLazy(args) ? NO_ARGS : (args ?? NO_ARGS),
    kwargs: isLazy(kwargs) ? NO_KWARGS : (kwargs ?? NO_KWARGS),
  };
  // A value that contains itself must not be walked into.
  if (problems.length > 0) return fixed;
  const fillArgs = fillOf(args, zone, ['args'], report);
  const fillKwargs = fillOf(kwargs, zone, ['kwargs'], report);
  if (!fillArgs && !fillKwargs) return fixed;
  return {
    ...fixed,
    compute: (context) => ({
      args: fillArgs ? list(fillArgs(context)) : fixed.args,
      kwargs: fillKwargs ? map(fillKwargs(context)) : fixed.kwargs,
    }),
  };
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`args: the function answered ${kindOf(value)}; expected a list`);
}

function map(value: unknown): Readonly<Record<string, unknown>> {
  if (isMap(value)) return value;
  throw new TypeError(`kwargs: the function answered ${kindOf(value)}; expected a map`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? `a ${value.constructor.name}` : `a ${typeof value}`;
}
