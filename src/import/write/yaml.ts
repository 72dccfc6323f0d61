import { stringify } from 'yaml';

/** A configuration as a YAML file that begins with a comment of one or more lines. */
export function writeYaml(config: object, comment: readonly string[]): string {
  const lines = comment.map((line) => `# ${line}\n`).join('');
  return lines + stringify(config, { lineWidth: 0 });
}
