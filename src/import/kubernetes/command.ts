import type { ShellConfig } from '../../generated/config-types.ts';
import { expand, joinPieces, namesOf, quoteWord, writeScript, type Piece } from './expand.ts';
import { asTexts, type Fields, asList, asMap, asText, isScalar } from './manifests.ts';

/** Converts the command of a container. Throws an `Error` if it is missing or invalid. */
export function convertCommand(container: Fields, timeout: number | null) {
  const command = asTexts(container, 'command');
  const args = asTexts(container, 'args');
  if (command.length === 0) throw new Error(describeImage(container['image']));
  const { variables, computed, notes } = readVariables(container);
  const argv = [...command, ...args].map((text) => expand(text, variables));
  const run = readScript(argv) ?? { command: argv.map(quoteWord).join(' ') };
  const exports = [...computed].map(([name, pieces]) => `export ${name}=${quoteWord(pieces)}; `);
  const { workingDir } = container;
  const shell = {
    ...run,
    command: exports.join('') + run.command,
    ...(typeof workingDir === 'string' && workingDir !== '' && { cwd: workingDir }),
    ...(variables.values.size > 0 && { env: Object.fromEntries(variables.values) }),
    ...(timeout !== null && { timeout }),
  };
  const used = new Set([...argv, ...computed.values()].flatMap(namesOf));
  const missing = [...used].filter((name) => !computed.has(name));
  return {
    shell: Object.keys(shell).length === 1 ? shell.command : shell,
    notes: [...notes, ...describeMissing(missing)],
  };
}

function describeImage(image: unknown): string {
  if (typeof image !== 'string' || image === '') return 'there is neither a command nor an image';
  return `the command is in the image ${image}: write it under command in the manifest`;
}

function describeMissing(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const references = names.map((name) => `"$${name}"`).join(', ');
  return [`$(NAME) became ${references}: without it in the worker's environment it is empty`];
}

/** The script of `sh -c SCRIPT`, and the shell if it is not `sh`. */
function readScript(argv: readonly (readonly Piece[])[]): ShellConfig | null {
  const [first = [], flag = [], script, ...others] = argv;
  const shell = joinPieces(first) ?? '';
  if (joinPieces(flag) !== '-c' || script === undefined || others.length > 0) return null;
  if (!/^(?:\/(?:usr\/)?bin\/)?(?:sh|ash|bash|dash|zsh)$/.test(shell)) return null;
  const command = writeScript(script);
  return /(?:^|\/)sh$/.test(shell) ? { command } : { command, shell };
}

const NAME = /^[A-Za-z_]\w*$/;

/** A name that is probably a variable and not a program: `$(DATABASE)` in contrast to `$(date)`. */
const UPPER = /^[A-Z_][A-Z\d_]*$/;

/** Reads `env` and `envFrom`. Throws an `Error` for a variable that cannot be carried over. */
function readVariables(container: Fields) {
  const values = new Map<string, string>();
  const elsewhere = new Set<string>();
  /** The variables whose values contain others that only the worker knows. */
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
  const sources = [...[...elsewhere].map((name) => `env ${name}`), ...(hasMore ? ['envFrom'] : [])].join(', ');
  const note = `${sources}: from a Secret, a ConfigMap or the pod: set them in the environment of the worker`;
  return { variables: { values, isElsewhere }, computed, notes: sources === '' ? [] : [note] };
}
