import { isLazy } from './lazy.ts';
import { SERIALIZERS, type Serializer, type SerializerName } from './serializers.ts';
import { hasTemplate } from './template.ts';
import { isTypeName, toTyped, type TypedValue } from './typed.ts';
import { errorAt, type Diagnostic, type Report } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { isContainer } from '../../util/is-map.ts';
import { markHandled } from '../../util/promise.ts';

type Path = Diagnostic['path'];

/** The maximum nesting of arguments; Python's JSON parser accepts more. */
const MAX_DEPTH = 200;

/** Throws a `ConfigError` with every argument that the serializer cannot encode. `at` is the path of the task. */
export function checkArguments(args: unknown, kwargs: unknown, serializer: SerializerName = 'json', at: Path = []) {
  const errors: Diagnostic[] = [];
  const report: Report = (path, message) => errors.push(errorAt([...at, ...path], message));
  const rules = { ...SERIALIZERS[serializer], typed: toTyped, allowsLazy: false };
  for (const [key, value] of Object.entries({ args, kwargs })) inspect(value, [key], report, rules);
  for (const [key, value] of Object.entries({ args, kwargs })) reportIllFormed(value, [key], report);
  if (errors.length > 0) throw new ConfigError(errors);
}

/**
 * Reports the errors of one argument of a configuration, as `checkArguments` does. It may contain functions and
 * templates, which are resolved for each occurrence. `reportIllFormed` checks the whole configuration instead.
 */
export function inspectArgument(value: unknown, path: Path, report: Report, serializer: SerializerName = 'json'): void {
  inspect(value, path, report, { ...SERIALIZERS[serializer], typed: toTyped, allowsLazy: true });
}

/** Reports the errors of message headers. The broker reads them too, so numbers must be finite. */
export function inspectHeaders(value: unknown, path: Path, report: Report): void {
  inspect(value, path, report, HEADERS);
}

interface FormatRules extends Pick<Serializer, 'format' | 'extras' | 'validate'> {
  /** Whether functions, and templates in typed values, are allowed; they are resolved later. */
  readonly allowsLazy: boolean;
  /** Converts an object to a typed value. Throws a `ConfigError` for an invalid one. */
  readonly typed: (value: object) => TypedValue | null;
}

const HEADERS: FormatRules = {
  format: 'a header',
  extras: [],
  allowsLazy: false,
  validate(leaf) {
    const ordinary = typeof leaf !== 'bigint' && (typeof leaf !== 'number' || Number.isFinite(leaf));
    return ordinary ? null : `${String(leaf)} is not allowed in a header; write it as a string`;
  },
  typed: () => null,
};

const NESTED_LAZY = 'a function (lazy) is allowed in args and kwargs, but not in the result of another function';

function inspect(root: unknown, start: Path, report: Report, rules: FormatRules): void {
  const visit = (value: unknown, path: Path, containers: readonly object[]): void => {
    if (typeof value !== 'object' || value === null) {
      const message = validateLeaf(value, rules);
      if (message !== null) report(path, message);
      return;
    }
    // Its result is checked when it is resolved.
    if (isLazy(value)) return rules.allowsLazy ? undefined : report(path, NESTED_LAZY);
    markHandled(value);
    let typed: TypedValue | null;
    try {
      typed = rules.typed(value);
    } catch (error) {
      if (!rules.allowsLazy || !isUnresolved(value)) report(path, (error as ConfigError).message);
      return;
    }
    const message = typed ? rules.validate(typed) : validateContainer(value, containers, rules);
    if (message !== null) report(path, message);
    if (message !== null || typed) return;
    const within = [...containers, value];
    for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
      const inside = [...path, key];
      const wrongKey = typeof key === 'string' ? rules.validate(key) : null;
      if (wrongKey !== null) report(inside, `its name ${wrongKey}`);
      visit(item, inside, within);
    }
  };
  visit(root, start, []);
}

/** Whether a typed value contains a template or a function, whose result is checked later. */
function isUnresolved(value: object): boolean {
  const { __type__: type, __value__: inner } = value as Partial<TypedValue>;
  return isTypeName(type) && (isLazy(inner) || (typeof inner === 'string' && hasTemplate(inner)));
}

function validateLeaf(value: unknown, rules: FormatRules): string | null {
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
      return describeUnsupported(typeof value, rules);
  }
}

function validateContainer(value: object, containers: readonly object[], rules: FormatRules): string | null {
  if (containers.includes(value)) return `contains itself, which ${rules.format} cannot encode`;
  if (containers.length >= MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
  return isContainer(value) ? null : describeUnsupported(`a ${className(value)}`, rules);
}

function describeUnsupported(what: string, { format, extras }: FormatRules): string {
  const leaves = ['text, numbers, true, false, null', ...extras].join(', ');
  return `${format} cannot encode ${what}; allowed: ${leaves}, and arrays and plain objects of these`;
}

const LOST_DIGITS = 'is beyond 2^53, where numbers lose digits; write it as a string or as a BigInt (123n)';

/** Whether a number was written as an integer with more digits than a number can hold. */
function losesDigits(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
}

function className(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: string } };
  return constructor?.name ?? 'object of a class';
}

interface ValueNode {
  readonly value: unknown;
  readonly key: string | number | null;
  readonly parent: ValueNode | null;
}

/** Reports texts and keys with a lone surrogate, which UTF-8 cannot encode. Does not visit instances of classes. */
export function reportIllFormed(value: unknown, path: Path, report: Report): void {
  // Iterative, because a file may be nested deeper than the call stack.
  const ahead: ValueNode[] = [{ value, key: null, parent: null }];
  const seen = new WeakSet();
  let node: ValueNode | undefined;
  while ((node = ahead.pop())) {
    const { value: here, key } = node;
    if (typeof key === 'string' && !key.isWellFormed()) {
      report(pathOf(node, path), `its name ${describeSurrogate(key)}`);
    }
    if (typeof here === 'string') {
      if (!here.isWellFormed()) report(pathOf(node, path), describeSurrogate(here));
    } else if (isContainer(here) && !seen.has(here)) {
      seen.add(here);
      const items = Array.isArray(here) ? [...here.entries()] : Object.entries(here);
      for (const [inner, item] of items.reverse()) {
        ahead.push({ value: item, key: inner, parent: node });
      }
    }
  }
}

function describeSurrogate(text: string): string {
  const [half = ''] = /\p{Surrogate}/u.exec(text) ?? [];
  const code = half.charCodeAt(0).toString(16);
  return `holds half a character (the lone surrogate \\u${code}), which no encoding carries to a worker`;
}

function pathOf(node: ValueNode, root: Path): Path {
  const keys: (string | number)[] = [];
  for (let at: ValueNode | null = node; at; at = at.parent) if (at.key !== null) keys.push(at.key);
  return [...root, ...keys.reverse()];
}
