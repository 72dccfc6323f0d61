import { isLazy, type LazyContext } from './lazy.ts';
import { templateOf } from './template.ts';

/** A value with all that it leaves open worked out. */
export type Fill = (context: LazyContext) => unknown;

type Path = readonly (string | number)[];

/**
 * How to work out a value that holds functions (`lazy`) or templates (`{{dueAt}}`) at any depth; `null`
 * when it holds none, and is the same for every occurrence. `zone` is that of dates with a format. What
 * is wrong with a template is reported.
 */
export function fillOf(
  value: unknown,
  zone: string,
  path: Path,
  report: (path: Path, message: string) => void,
): Fill | null {
  if (isLazy(value)) return value.compute;
  if (typeof value === 'string') {
    try {
      return templateOf(value, zone);
    } catch (error) {
      report(path, (error as Error).message);
      return null;
    }
  }
  if (!isContainer(value)) return null;
  const fills = Object.entries(value).flatMap(([key, item]): [string, Fill][] => {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    const fill = fillOf(item, zone, place, report);
    return fill ? [[key, fill]] : [];
  });
  if (fills.length === 0) return null;
  return (context) => {
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
      ? [...(value as unknown[])]
      : { ...value };
    for (const [key, fill] of fills) (copy as Record<string, unknown>)[key] = fill(context);
    return copy;
  };
}

/** Instances of classes are values; what contains itself is refused elsewhere, and never gets here. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
