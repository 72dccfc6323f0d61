import { formatDiagnostic, type Diagnostic } from '../util/diagnostic.ts';
import { BeatError, describeError } from '../util/errors.ts';
import { markHandled } from '../util/promise.ts';
import { isLazy, type Lazy, type LazyContext } from './lazy.ts';
import { compileTemplate } from './template.ts';

/** A value with all that it leaves open worked out. */
export type Renderer = (context: LazyContext) => unknown;

type Path = Diagnostic['path'];

/** Where a value stands, and what reading it needs. */
export interface RenderContext {
  /** IANA name: of dates with a format. */
  readonly zone: string;
  /** Before the paths in faults of functions: the signature, in its entry. */
  readonly at: Path;
  /** Takes what is wrong with a template. */
  readonly report: (path: Path, message: string) => void;
}

/**
 * How to work out a value that holds functions (`lazy`) or templates (`{{dueAt}}`) at any depth; `null`
 * when it holds none, and is the same for every occurrence.
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

/** Of the functions that were asked about an occurrence: each is, once, wherever it stands. */
const answers = new WeakMap<LazyContext, Map<Lazy<unknown>, unknown>>();

/** Throws a `BeatError` that says where the function stands, for what it throws and for a promise. */
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
    const message = 'the function answered a promise; it has to answer at once';
    throw new BeatError(formatDiagnostic({ path, message }));
  }
  known.set(lazy, answer);
  return answer;
}

/** Instances of classes are values; what contains itself is refused elsewhere, and never gets here. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
