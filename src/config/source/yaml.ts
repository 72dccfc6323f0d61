import { isCollection, visit, type Document, type Pair, type YAMLMap } from 'yaml';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import type { Source } from './source.ts';
import { resolveAliases } from './yaml-aliases.ts';
import { parseYaml } from './yaml-document.ts';
import { findPath, offsetFinder, readKey, startOffset } from './yaml-nodes.ts';

/**
 * Reads a YAML 1.2 file, with anchors and merge keys. Timestamps stay text, and integers beyond 2^53 become BigInt,
 * so that tasks receive them exactly.
 */
export function readYaml(text: string, file: string): Source {
  const parsed = parseYaml(text, file);
  if ('errors' in parsed) return { file, config: undefined, errors: parsed.errors };
  const { document, lineAt } = parsed;
  const errors: Diagnostic[] = [];
  const report = (node: unknown, path: Path, message: string) => {
    errors.push({ ...errorAt(path, message), file, line: lineAt(startOffset(node)) });
  };
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'bigint') return;
      const number = Number(node.value);
      if (Number.isSafeInteger(number)) node.value = number;
    },
    Map(_, map, ancestors) {
      for (const { key } of map.items.filter((pair) => isCollection(pair.key))) {
        report(key, findPath(map, ancestors), 'a list or a map cannot be a key');
      }
      for (const { key, first, again } of repeatedKeys(map)) {
        const message = `repeated key, first on line ${lineAt(startOffset(first.key))}`;
        report(again.key, [...findPath(map, ancestors), key], message);
      }
    },
  });
  const found = errors.length;
  resolveAliases(document, report);
  if (errors.length > found) return { file, config: undefined, errors };
  const findOffset = offsetFinder(document);
  const findLine = (path: Path) => lineAt(findOffset(path));
  return { file, ...toValue(document, file, errors), findLine };
}

function toValue(document: Document, file: string, errors: Diagnostic[]) {
  try {
    return { config: document.toJS() as unknown, errors };
  } catch (error) {
    const message = `invalid YAML: ${(error as Error).message}`;
    return { config: undefined, errors: [...errors, { ...errorAt([], message), file }] };
  }
}

/** A key that is in its map for a second time or more. */
interface Repeated {
  readonly key: string;
  readonly first: Pair;
  readonly again: Pair;
}

function* repeatedKeys(map: YAMLMap): Generator<Repeated> {
  const seen = new Map<string, Pair>();
  for (const again of map.items) {
    const key = readKey(again);
    const first = seen.get(key);
    if (!first) seen.set(key, again);
    else if (key !== '<<') yield { key, first, again };
  }
}
