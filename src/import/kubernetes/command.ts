import type { ShellConfig } from '../../config/config-types.ts';
import { asList, asMap, asText, type Fields } from './manifests.ts';

/** The command of a container, and what of it beat cannot carry. */
export interface ContainerCommand {
  readonly shell: string | ShellConfig;
  readonly notes: readonly string[];
}

/** Converts the command of a container to that of a shell entry. Throws an `Error` if its image has the command. */
export function convertCommand(container: Fields, timeout: number | null): ContainerCommand {
  const command = asList(container['command']).map((each) => asText(each));
  const args = asList(container['args']).map((each) => asText(each));
  if (command.length === 0) {
    throw new Error(
      `the command is in the image ${asText(container['image'])}: write it under command in the manifest`,
    );
  }
  const { env, notes } = readVariables(container);
  const argv = [...command, ...args].map((text) => expand(text, env));
  const { workingDir } = container;
  const more = {
    ...(typeof workingDir === 'string' && { cwd: workingDir }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(timeout !== null && { timeout }),
  };
  const run = readScript(argv) ?? { command: argv.map(quote).join(' ') };
  const isPlain = Object.keys({ ...run, ...more }).length === 1;
  return { shell: isPlain ? run.command : { ...run, ...more }, notes };
}

/** The script of `sh -c SCRIPT`, and its shell if it is another one. */
function readScript(argv: readonly string[]): ShellConfig | null {
  const [shell = '', flag, script, ...others] = argv;
  if (flag !== '-c' || script === undefined || others.length > 0) return null;
  if (!/^(?:\/(?:usr\/)?bin\/)?(?:sh|ash|bash|dash|zsh)$/.test(shell)) return null;
  return /(?:^|\/)sh$/.test(shell) ? { command: script } : { command: script, shell };
}

function readVariables(container: Fields): { env: Record<string, string>; notes: string[] } {
  const env: Record<string, string> = {};
  const elsewhere: string[] = [];
  for (const each of asList(container['env'])) {
    const { name, value, valueFrom } = asMap(each);
    if (valueFrom === undefined) env[asText(name)] = expand(asText(value), env);
    else elsewhere.push(`env ${asText(name)}`);
  }
  if (asList(container['envFrom']).length > 0) elsewhere.push('envFrom');
  if (elsewhere.length === 0) return { env, notes: [] };
  const names = elsewhere.join(', ');
  const note = `${names}: from a Secret, a ConfigMap or the pod: set them in the environment of the worker`;
  return { env, notes: [note] };
}

/** Replaces `$(NAME)` for the variables that are set, and `$$(` by `$(`, as Kubernetes does. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]+)\))/g, (found, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    return name !== undefined && Object.hasOwn(env, name) ? env[name]! : found;
  });
}

/** A word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
