import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import type { Diagnostic } from '../util/diagnostic.ts';
import { markHandled } from '../util/promise.ts';
import { isLazy } from './lazy.ts';
import { SERIALIZERS } from './serializers/find.ts';
import type { Leaf, SerializerName } from './serializers/serializer.ts';
import { hasTemplate } from './template.ts';
import { isTypeName, toTyped, type TypedValue } from './typed/typed.ts';
import { reportIllFormed } from './well-formed.ts';

type Path = Diagnostic['path'];
type Report = (path: Path, message: string) => void;

/** Deeper than any real argument, and well within what Python's JSON reader takes. */
const DEEPEST = 200;

/**
 * Throws a `ConfigError` naming every value in a task's arguments that the serializer cannot carry, or
 * would carry changed; `at` is where the task stands. In JSON BigInt, NaN and the infinities pass: Python
 * reads them.
 */
export function checkArguments(
  args: unknown,
  kwargs: unknown,
  serializer: SerializerName = 'json',
  at: Path = [],
): void {
  const errors: Diagnostic[] = [];
  const report: Report = (path, message) => errors.push(errorAt([...at, ...path], message));
  const rules = { ...SERIALIZERS[serializer], typed: toTyped, allowsLazy: false };
  visit(args, { path: ['args'], containers: [], report, rules });
  visit(kwargs, { path: ['kwargs'], containers: [], report, rules });
  reportIllFormed(args, ['args'], report);
  reportIllFormed(kwargs, ['kwargs'], report);
  if (errors.length > 0) throw new ConfigError(errors);
}

/**
 * What `checkArguments` would say of one value as it is written, for whoever gathers errors of many
 * kinds: parts may be left open for each occurrence. Ill-formed text is found for the whole configuration,
 * by `reportIllFormed`.
 */
export function inspectArgument(
  value: unknown,
  path: Path,
  report: Report,
  serializer: SerializerName = 'json',
): void {
  const rules = { ...SERIALIZERS[serializer], typed: toTyped, allowsLazy: true };
  visit(value, { path, containers: [], report, rules });
}

/** The same for message headers, which a broker reads too: there a number must be an ordinary one. */
export function inspectHeaders(value: unknown, path: Path, report: Report): void {
  visit(value, { path, containers: [], report, rules: HEADERS });
}

/** What may stand where the visit goes. */
interface Rules {
  /** Whoever cannot carry what may not. */
  readonly format: string;
  /** What it can carry beyond what any can. */
  readonly extras: readonly string[];
  /** Whether functions may stand in it, and templates in typed values, to be worked out later. */
  readonly allowsLazy: boolean;
  validate(leaf: Leaf): string | null;
  /** What an object stands for; throws a `ConfigError` when that is nothing. */
  typed(value: object): TypedValue | null;
}

const HEADERS: Rules = {
  format: 'a header',
  extras: [],
  allowsLazy: false,
  validate(leaf) {
    const ordinary =
      typeof leaf !== 'bigint' && (typeof leaf !== 'number' || Number.isFinite(leaf));
    return ordinary ? null : `${String(leaf)} cannot stand in a header; write it as text`;
  },
  typed: () => null,
};

const NESTED_LAZY =
  'a function (lazy) may stand in args and kwargs, and not in what another answers';

/** Where the visit is, and what it has come through. */
interface Place {
  readonly path: Path;
  readonly containers: readonly object[];
  readonly report: Report;
  readonly rules: Rules;
}

function visit(value: unknown, place: Place): void {
  if (typeof value === 'object' && value !== null) {
    visitObject(value, place);
    return;
  }
  const message = validateLeaf(value, place.rules);
  if (message !== null) place.report(place.path, message);
}

function visitObject(value: object, place: Place): void {
  const { path, report, rules } = place;
  // Looked into when it has been worked out.
  if (isLazy(value)) return rules.allowsLazy ? undefined : report(path, NESTED_LAZY);
  markHandled(value);
  let typed: TypedValue | null;
  try {
    typed = rules.typed(value);
  } catch (error) {
    if (!rules.allowsLazy || !isUnresolved(value)) report(path, (error as ConfigError).message);
    return;
  }
  const message = typed ? rules.validate(typed) : validateContainer(value, place);
  if (message !== null) report(path, message);
  else if (!typed) visitInside(value, place);
}

/** A typed value with a template in it, or a function: what comes of it is looked into then. */
function isUnresolved(value: object): boolean {
  const { __type__: type, __value__: inner } = value as Partial<TypedValue>;
  return isTypeName(type) && (isLazy(inner) || (typeof inner === 'string' && hasTemplate(inner)));
}

function visitInside(value: object, { path, containers, report, rules }: Place): void {
  const within = [...containers, value];
  const items = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of items) {
    const inside = { path: [...path, key], containers: within, report, rules };
    const wrongKey = typeof key === 'string' ? rules.validate(key) : null;
    if (wrongKey !== null) report(inside.path, `its name ${wrongKey}`);
    visit(item, inside);
  }
}

function validateLeaf(value: unknown, rules: Rules): string | null {
  switch (typeof value) {
    case 'number':
      return losesDigits(value) ? `${value} ${LOST_DIGITS}` : rules.validate(value);
    case 'string':
    case 'boolean':
    case 'bigint':
      return rules.validate(value);
    case 'object':
      return null;
    default:
      return cannotCarry(typeof value, rules);
  }
}

function validateContainer(value: object, { containers, rules }: Place): string | null {
  if (containers.includes(value)) return `contains itself, which ${rules.format} cannot say`;
  if (containers.length >= DEEPEST) return `nested deeper than ${DEEPEST} levels`;
  return isPlain(value) ? null : cannotCarry(`a ${className(value)}`, rules);
}

function cannotCarry(what: string, { format, extras }: Rules): string {
  const leaves = ['text, numbers, true, false, null', ...extras].join(', ');
  return `${format} cannot carry ${what}; allowed: ${leaves}, and arrays and plain objects of these`;
}

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
