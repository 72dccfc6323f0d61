import { ConfigError } from '../errors.ts';
import type { Problem } from '../errors.ts';

type Path = Problem['path'];
type Report = (path: Path, message: string) => void;

/** Deeper than any real argument, and well within what Python's JSON reader takes. */
const DEEPEST = 200;

/**
 * Throws a `ConfigError` naming every value in a task's arguments that JSON cannot carry, or would carry
 * changed. BigInt, NaN and the infinities pass: Python reads them from JSON.
 */
export function checkArguments(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): void {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  inspectArgument(args, ['args'], report);
  inspectArgument(kwargs, ['kwargs'], report);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What `checkArguments` would say of one value, for whoever gathers problems of many kinds. */
export function inspectArgument(value: unknown, path: Path, report: Report): void {
  visit(value, { path, containers: [], report, exotic: null });
}

/** The same for message headers, which a broker reads too: there a number must be an ordinary one. */
export function inspectHeaders(value: unknown, path: Path, report: Report): void {
  visit(value, {
    path,
    containers: [],
    report,
    exotic: 'cannot stand in a header; write it as text',
  });
}

/** Where the visit is, and what it has come through. */
interface Place {
  readonly path: Path;
  readonly containers: readonly object[];
  readonly report: Report;
  /** What is wrong with a BigInt, NaN or infinity; `null` when they may pass. */
  readonly exotic: string | null;
}

function visit(value: unknown, place: Place): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'bigint':
      return visitExotic(value, place);
    case 'number':
      if (losesDigits(value)) place.report(place.path, `${value} ${LOST_DIGITS}`);
      else if (!Number.isFinite(value)) visitExotic(value, place);
      return;
    case 'object':
      return value === null ? undefined : visitObject(value, place);
    default:
      place.report(place.path, `JSON cannot carry ${typeof value}; ${ALLOWED}`);
  }
}

function visitExotic(value: bigint | number, { path, report, exotic }: Place): void {
  if (exotic !== null) report(path, `${value} ${exotic}`);
}

function visitObject(value: object, { path, containers, ...rest }: Place): void {
  if (containers.includes(value))
    return rest.report(path, 'contains itself, which JSON cannot say');
  if (containers.length >= DEEPEST)
    return rest.report(path, `nested deeper than ${DEEPEST} levels`);
  if (!isPlain(value))
    return rest.report(path, `JSON cannot carry a ${className(value)}; ${ALLOWED}`);
  const within = [...containers, value];
  const items = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of items) {
    visit(item, { path: [...path, key], containers: within, ...rest });
  }
}

const ALLOWED = 'allowed: text, numbers, true, false, null, and arrays and plain objects of these';
const LOST_DIGITS =
  'is beyond 2^53, where numbers lose digits; write it as text or as a BigInt (123n)';

/** An integer that was written with all its digits, of which a number keeps only the first sixteen. */
function losesDigits(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
}

/** By the prototype's own prototype, as a config file may come from another realm. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: string } };
  return constructor?.name ?? 'object of a class';
}
