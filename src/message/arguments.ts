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
  if (typeof value === 'object' && value !== null) {
    visitObject(value, place);
    return;
  }
  const message = complaint(value, place.exotic);
  if (message !== null) place.report(place.path, message);
}

function visitObject(value: object, { path, containers, ...rest }: Place): void {
  const message = complaintOfObject(value, containers);
  if (message !== null) {
    rest.report(path, message);
    return;
  }
  const within = [...containers, value];
  const items = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of items) {
    visit(item, { path: [...path, key], containers: within, ...rest });
  }
}

function complaint(value: unknown, exotic: string | null): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'object':
      return null;
    case 'bigint':
      return exotic && `${value} ${exotic}`;
    case 'number':
      if (losesDigits(value)) return `${value} ${LOST_DIGITS}`;
      return Number.isFinite(value) ? null : exotic && `${value} ${exotic}`;
    default:
      return `JSON cannot carry ${typeof value}; ${ALLOWED}`;
  }
}

function complaintOfObject(value: object, containers: readonly object[]): string | null {
  if (containers.includes(value)) return 'contains itself, which JSON cannot say';
  if (containers.length >= DEEPEST) return `nested deeper than ${DEEPEST} levels`;
  return isPlain(value) ? null : `JSON cannot carry a ${className(value)}; ${ALLOWED}`;
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
