import { formatDiagnostic, type Diagnostic } from '../util/diagnostic.ts';
import { BeatError, describeError } from '../util/errors.ts';
import { markHandled } from '../util/promise.ts';
import { isLazy, type Lazy, type LazyContext } from './lazy.ts';
import { compileTemplate } from './template.ts';

/** Renders a value for one occurrence. */
export type Renderer = (context: LazyContext) => unknown;

type Path = Diagnostic['path'];

/** The context of a value with functions and templates. */
export interface RenderContext {
  /** The IANA zone of dates with a format. */
  readonly zone: string;
  /** The path of the signature in its entry, for errors of functions. */
  readonly at: Path;
  /** Reports an invalid template. */
  readonly report: (path: Path, message: string) => void;
}

/**
 * Returns a function that renders a value with functions (`lazy`) or templates (`{{dueAt}}`) at any depth, or
 * `null` if the value has none and is the same for every occurrence.
 */
export function buildRenderer(value: unknown, path: Path, filling: RenderContext): Renderer | null {
  if (isLazy(value)) return (context) => resolveLazy(value, [...filling.at, ...path], context);
  if (typeof value === 'string') {
    try {
      return compileTemplate(value, filling.zone);
    } catch (error) {
      filling.report(path, (error as Error).message);
      return null;
    }
  }
  if (!isContainer(value)) return null;
  const renderers = Object.entries(value).flatMap(([key, item]): [string, Renderer][] => {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    const render = buildRenderer(item, place, filling);
    return render ? [[key, render]] : [];
  });
  if (renderers.length === 0) return null;
  return (context) => {
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
      ? [...(value as unknown[])]
      : { ...value };
    for (const [key, render] of renderers) (copy as Record<string, unknown>)[key] = render(context);
    return copy;
  };
}

/** Whether a value has functions (`lazy`) at any depth. */
export function hasLazy(value: unknown): boolean {
  return isLazy(value) || (isContainer(value) && Object.values(value).some(hasLazy));
}

/** The results of the functions of an occurrence: each function is called once per occurrence. */
const answers = new WeakMap<LazyContext, Map<Lazy<unknown>, unknown>>();

/** Calls a function. Throws a `BeatError` with its path if it throws or returns a promise. */
function resolveLazy(lazy: Lazy<unknown>, path: Path, context: LazyContext): unknown {
  const known = answers.get(context) ?? new Map<Lazy<unknown>, unknown>();
  answers.set(context, known);
  if (known.has(lazy)) return known.get(lazy);
  let answer: unknown;
  try {
    answer = lazy.compute(context);
  } catch (cause) {
    const message = `the function threw: ${describeError(cause)}`;
    throw new BeatError(formatDiagnostic({ path, message }), { cause });
  }
  if (markHandled(answer)) {
    const message = 'the function returned a promise; it must be synchronous';
    throw new BeatError(formatDiagnostic({ path, message }));
  }
  known.set(lazy, answer);
  return answer;
}

/** Instances of classes are values. Cyclic values are rejected before. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
