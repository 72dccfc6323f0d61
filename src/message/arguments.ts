import { ConfigError } from '../errors.ts';
import type { Problem } from '../errors.ts';

type Path = Problem['path'];

/**
 * Throws a `ConfigError` naming every value in a task's arguments that JSON cannot carry, or would carry
 * changed. BigInt, NaN and the infinities pass: Python reads them from JSON.
 */
export function checkArguments(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): void {
  const problems = [...argumentProblems(args, ['args']), ...argumentProblems(kwargs, ['kwargs'])];
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What `checkArguments` would say of one value, for whoever reports it among other things. */
export function argumentProblems(value: unknown, path: Path): Problem[] {
  return [...problemsIn(value, path, [], pythonOnly)];
}

/** The same for message headers, which brokers carry too: there a number must be an ordinary one. */
export function headerProblems(value: unknown, path: Path): Problem[] {
  return [...problemsIn(value, path, [], nowhere)];
}

/** What is wrong with a number of a kind that JSON does not know; `null` when it may pass. */
type Exotic = (value: number | bigint) => string | null;

const pythonOnly: Exotic = () => null;
const nowhere: Exotic = (value) => `headers cannot carry ${String(value)}; write it as text`;

function* problemsIn(
  value: unknown,
  path: Path,
  containers: readonly object[],
  exotic: Exotic,
): Generator<Problem> {
  const message = complaint(value, containers, exotic);
  if (message !== null) yield { path, message };
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      yield* problemsIn(item, [...path, i], [...containers, value], exotic);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield* problemsIn(item, [...path, key], [...containers, value], exotic);
    }
  }
}

function complaint(value: unknown, containers: readonly object[], exotic: Exotic): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'bigint':
      return exotic(value);
    case 'number':
      if (losesDigits(value)) {
        return `${value} is beyond 2^53, where a number loses digits; write it as text or as a BigInt (123n)`;
      }
      return Number.isFinite(value) ? null : exotic(value);
    case 'object':
      if (value === null) return null;
      if (containers.includes(value)) return 'contains itself, and JSON has no way to say so';
      return isPlain(value) ? null : `${nameOfKind(value)} cannot be sent as JSON; ${ALLOWED}`;
    default:
      return `${nameOfKind(value)} cannot be sent as JSON; ${ALLOWED}`;
  }
}

const ALLOWED = 'allowed: text, numbers, true, false, null, arrays and plain objects of these';

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

function nameOfKind(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  const { constructor } = value as { readonly constructor?: { readonly name: string } };
  return `a ${constructor?.name ?? 'object with a prototype'}`;
}
