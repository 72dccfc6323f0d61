import type { Diagnostic } from '../util/diagnostic.ts';

type Path = Diagnostic['path'];

/** A value and its position. */
interface Node {
  readonly value: unknown;
  readonly key: string | number | null;
  readonly parent: Node | null;
}

/**
 * Reports every string and key in a value with a lone surrogate, which UTF-8 cannot encode: stores and workers
 * would fail on it or change it. Does not visit instances of classes.
 */
export function reportIllFormed(
  value: unknown,
  path: Path,
  report: (path: Path, message: string) => void,
): void {
  // Iterative, because a file may be nested deeper than the call stack.
  const ahead: Node[] = [{ value, key: null, parent: null }];
  const seen = new WeakSet();
  let node: Node | undefined;
  while ((node = ahead.pop())) {
    const { value: here, key } = node;
    if (typeof key === 'string' && !key.isWellFormed()) {
      report(pathOf(node, path), `its name ${describe(key)}`);
    }
    if (typeof here === 'string') {
      if (!here.isWellFormed()) report(pathOf(node, path), describe(here));
    } else if (isContainer(here) && !seen.has(here)) {
      seen.add(here);
      const items = Array.isArray(here) ? [...here.entries()] : Object.entries(here);
      for (const [inner, item] of items.reverse()) {
        ahead.push({ value: item, key: inner, parent: node });
      }
    }
  }
}

function describe(text: string): string {
  const [half = ''] = /\p{Surrogate}/u.exec(text) ?? [];
  const code = half.charCodeAt(0).toString(16);
  return `holds half a character (the lone surrogate \\u${code}), which no encoding carries to a worker`;
}

function pathOf(node: Node, root: Path): Path {
  const keys: (string | number)[] = [];
  for (let at: Node | null = node; at; at = at.parent) if (at.key !== null) keys.push(at.key);
  return [...root, ...keys.reverse()];
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
