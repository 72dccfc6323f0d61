import type { ShellConfig } from '../../config/config-types.ts';
import { expand, joinPieces, namesOf, quoteWord, writeScript, type Piece } from './expand.ts';
import { readVariables } from './variables.ts';
import { asTexts, type Fields } from './manifests.ts';

/** The command of a container, and what of it beat cannot carry. */
export interface ContainerCommand {
  readonly shell: string | ShellConfig;
  readonly notes: readonly string[];
}

/** Converts the command of a container to that of a shell entry. Throws an `Error` if there is none, or an invalid one. */
export function convertCommand(container: Fields, timeout: number | null): ContainerCommand {
  const command = asTexts(container, 'command');
  const args = asTexts(container, 'args');
  if (command.length === 0) throw new Error(describeImage(container['image']));
  const { env, variables, exports, listMissing, notes } = readVariables(container);
  const argv = [...command, ...args].map((text) => expand(text, variables));
  const run = readScript(argv) ?? { command: argv.map(quoteWord).join(' ') };
  const { workingDir } = container;
  const shell = {
    ...run,
    command: exports.map((text) => `${text}; `).join('') + run.command,
    ...(typeof workingDir === 'string' && workingDir !== '' && { cwd: workingDir }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(timeout !== null && { timeout }),
  };
  return {
    shell: Object.keys(shell).length === 1 ? shell.command : shell,
    notes: [...notes, ...describeMissing(listMissing(argv.flatMap(namesOf)))],
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

/** The script of `sh -c SCRIPT`, and its shell if it is another one. */
function readScript(argv: readonly (readonly Piece[])[]): ShellConfig | null {
  const [first = [], flag = [], script, ...others] = argv;
  const shell = joinPieces(first) ?? '';
  if (joinPieces(flag) !== '-c' || script === undefined || others.length > 0) return null;
  if (!/^(?:\/(?:usr\/)?bin\/)?(?:sh|ash|bash|dash|zsh)$/.test(shell)) return null;
  const command = writeScript(script);
  return /(?:^|\/)sh$/.test(shell) ? { command } : { command, shell };
}
