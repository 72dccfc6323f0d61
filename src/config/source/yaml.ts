import { isCollection, isNode, isPair, visit, type Document, type Pair, type YAMLMap } from 'yaml';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import type { Source } from './source.ts';
import { resolveAliases } from './yaml-aliases.ts';
import { parseYaml } from './yaml-document.ts';
import { keyOf, offsetFinder, offsetOf, pathOf } from './yaml-nodes.ts';

/**
 * A YAML 1.2 file, with anchors and merge keys. Timestamps stay text, and integers beyond 2^53 become
 * BigInt, so that they reach the task as they are.
 */
export function readYaml(text: string, file: string): Source {
  const parsed = parseYaml(text, file);
  if ('errors' in parsed) return { file, config: undefined, errors: parsed.errors };
  const { document, lineAt } = parsed;
  const errors: Diagnostic[] = [];
  const report = (node: unknown, path: Path, message: string) => {
    errors.push({ ...errorAt(path, message), file, line: lineAt(offsetOf(node)) });
  };
  const hidden: Pair[][] = [];
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'bigint') return;
      const number = Number(node.value);
      if (Number.isSafeInteger(number)) node.value = number;
    },
    Map(_, map, ancestors) {
      for (const { key } of map.items.filter((pair) => isCollection(pair.key))) {
        report(key, pathOf(map, ancestors), 'a list or a map cannot be a key');
      }
      for (const { key, first, before, again } of repeatedKeys(map)) {
        const path = pathOf(map, ancestors);
        const message = `stands here again, after line ${lineAt(offsetOf(first.key))}`;
        report(again.key, [...path, key], message);
        // Below an entry's own keys a copy says too little to be looked into.
        if (path.length < 2) hidden.push([...ancestors.filter(isPair), before]);
      }
    },
  });
  const found = errors.length;
  resolveAliases(document, report);
  if (errors.length > found) return { file, config: undefined, errors };
  const offset = offsetFinder(document);
  const lineOf = (path: Path, chosen: readonly Pair[] = []) => {
    return lineAt(offset(path, chosen));
  };
  const copies = hidden.flatMap((pairs) => {
    const config = copyOf(pairs, document);
    return config === undefined
      ? []
      : { file, config, errors: [], lineOf: (path: Path) => lineOf(path, pairs) };
  });
  return { file, ...valueOf(document, file, errors), lineOf, copies };
}

function valueOf(document: Document, file: string, errors: Diagnostic[]) {
  try {
    return { config: document.toJS() as unknown, errors };
  } catch (error) {
    const message = `is refused: ${(error as Error).message}`;
    return { config: undefined, errors: [...errors, { ...errorAt([], message), file }] };
  }
}

/** A key that stands in its map for a second time or more. */
interface Repeated {
  readonly key: string;
  readonly first: Pair;
  readonly before: Pair;
  readonly again: Pair;
}

function* repeatedKeys(map: YAMLMap): Generator<Repeated> {
  const seen = new Map<string, { first: Pair; before: Pair }>();
  for (const again of map.items) {
    const key = keyOf(again);
    const earlier = seen.get(key);
    if (earlier && key !== '<<') yield { key, ...earlier, again };
    seen.set(key, { first: earlier?.first ?? again, before: again });
  }
}

/**
 * A configuration that has nothing but the last of the pairs, each of which lies in the one before.
 * `undefined` where it has no value: see `valueOf`.
 */
function copyOf(pairs: readonly Pair[], document: Document): unknown {
  try {
    const copied = pairs.at(-1)!.value;
    const value = isNode(copied) ? (copied.toJS(document) as unknown) : copied;
    return pairs.reduceRight<unknown>((inner, pair) => ({ [keyOf(pair)]: inner }), value);
  } catch {
    return undefined;
  }
}
