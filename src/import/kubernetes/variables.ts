import { expand, joinPieces, namesOf, quoteWord, type Piece, type Variables } from './expand.ts';
import { asList, asMap, asText, isScalar, type Fields } from './manifests.ts';

/** The environment of a container. */
interface Environment {
  /** The variables whose values are in the manifest. */
  readonly env: Readonly<Record<string, string>>;
  readonly variables: Variables;
  /** Commands of the shell that set variables from others that only the worker knows. */
  readonly exports: readonly string[];
  /** The names of variables that only the worker knows, among the names that a command reads. */
  readonly listMissing: (names: readonly string[]) => readonly string[];
  readonly notes: readonly string[];
}

/** A name that a shell can read. */
const NAME = /^[A-Za-z_]\w*$/;

/** A name that is rather a variable than a program: `$(DATABASE)` in contrast to `$(date)`. */
const UPPER = /^[A-Z_][A-Z\d_]*$/;

/** Reads `env` and `envFrom`. Throws an `Error` for a variable that cannot be carried over. */
export function readVariables(container: Fields): Environment {
  const values = new Map<string, string>();
  const elsewhere = new Set<string>();
  const computed = new Map<string, readonly Piece[]>();
  const hasMore = asList(container['envFrom']).length > 0;
  const isElsewhere = (name: string) => {
    const isGiven = elsewhere.has(name) || computed.has(name);
    if (isGiven && !NAME.test(name)) throw new Error(`$(${name}): no shell can read this name`);
    return isGiven || (hasMore && UPPER.test(name));
  };
  for (const each of asList(container['env'])) {
    const { name: given, value = null, valueFrom } = asMap(each);
    const name = asText(given);
    if (name === '') throw new Error('env: expected a name');
    for (const before of [values, elsewhere, computed]) before.delete(name);
    if (valueFrom !== undefined) {
      elsewhere.add(name);
      continue;
    }
    if (value !== null && !isScalar(value)) throw new Error(`env ${name}: expected a text`);
    const pieces = expand(asText(value), { values, isElsewhere });
    const text = joinPieces(pieces);
    if (text !== null) values.set(name, text);
    else {
      if (!NAME.test(name)) throw new Error(`env ${name}: no shell can set this name`);
      computed.set(name, pieces);
    }
  }
  const sources = [...[...elsewhere].map((name) => `env ${name}`), ...(hasMore ? ['envFrom'] : [])];
  return {
    env: Object.fromEntries(values),
    variables: { values, isElsewhere },
    exports: [...computed].map(([name, pieces]) => `export ${name}=${quoteWord(pieces)}`),
    listMissing: (names) =>
      [...new Set([...names, ...[...computed.values()].flatMap(namesOf)])].filter(
        (name) => !computed.has(name),
      ),
    notes:
      sources.length === 0
        ? []
        : [
            `${sources.join(', ')}: from a Secret, a ConfigMap or the pod: set them in the environment of the worker`,
          ],
  };
}
