import type { Entry } from '../../entries/catalog/entry.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { BeatError } from '../../util/errors.ts';
import { checkArguments, inspectArgument } from '../../celery/message/arguments.ts';
import { buildRenderer, hasLazy } from '../../celery/message/template.ts';
import { isLazy, type ComputeArguments } from '../../celery/message/lazy.ts';
import type { SerializerName } from '../../celery/message/serializers.ts';
import { expected, type Path, type Report } from '../validate.ts';
import type { EntryInput } from './schema.ts';
import { isMap } from '../../util/is-map.ts';

export const NO_ARGS: readonly unknown[] = Object.freeze([]);
const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});

interface ArgumentsContext {
  readonly zone: string;
  readonly serializer: SerializerName;
  /** The path from the entry to the signature of the arguments. */
  readonly at?: Path;
}

/** Reads the arguments of an entry. `compute` is present if they depend on the occurrence. */
export function readArguments(
  { args, kwargs }: Partial<EntryInput>,
  { zone, serializer, at = [] }: ArgumentsContext,
  report: Report,
): Pick<Entry, 'args' | 'kwargs' | 'compute'> {
  const errors: Parameters<Report>[] = [];
  const collect: Report = (...error) => errors.push(error);
  if (Array.isArray(args)) inspectArgument(args, ['args'], collect, serializer);
  if (isMap(kwargs)) inspectArgument(kwargs, ['kwargs'], collect, serializer);
  for (const error of errors) report(...error);
  const fixed = {
    args: isLazy(args) ? NO_ARGS : (args ?? NO_ARGS),
    kwargs: isLazy(kwargs) ? NO_KWARGS : (kwargs ?? NO_KWARGS),
  };
  // A value that contains itself must not be walked into.
  if (errors.length > 0) return fixed;
  const fillArgs = buildRenderer(args, ['args'], { zone, at, report });
  const fillKwargs = buildRenderer(kwargs, ['kwargs'], { zone, at, report });
  if (!fillArgs && !fillKwargs) return fixed;
  const compute: ComputeArguments = (context) => {
    const filledArgs = fillArgs ? fillArgs(context) : fixed.args;
    const filledKwargs = fillKwargs ? fillKwargs(context) : fixed.kwargs;
    if (!Array.isArray(filledArgs)) throw answerError([...at, 'args'], 'a list', filledArgs);
    if (!isMap(filledKwargs)) throw answerError([...at, 'kwargs'], 'a map', filledKwargs);
    checkArguments(filledArgs, filledKwargs, serializer, at);
    return { args: filledArgs, kwargs: filledKwargs };
  };
  if (hasLazy(args) || hasLazy(kwargs)) return { ...fixed, compute };
  return { ...fixed, compute: Object.assign(compute, { spec: `${zone} ${serializer}` }) };
}

function answerError(path: Path, allowed: string, answer: unknown): BeatError {
  const message = `the function returned: ${expected(allowed, answer)}`;
  return new BeatError(formatDiagnostic({ path, message }));
}
