import { stringify } from 'yaml';

/** A configuration as a YAML file that begins with a comment. */
export function writeYaml(config: object, comment: string): string {
  return `# ${comment}\n${stringify(config, { lineWidth: 0 })}`;
}
