import { writeTypeScript } from './typescript.ts';
import { writeYaml } from './yaml.ts';

/** The formats of a schedule file that an import can write. */
export const FORMATS = ['yaml', 'json', 'ts'] as const;
export type Format = (typeof FORMATS)[number];

/** A configuration as the text of a file; JSON has no place for the comment. */
export function writeConfig(config: object, format: Format, comment: readonly string[]): string {
  switch (format) {
    case 'yaml':
      return writeYaml(config, comment);
    case 'json':
      return `${JSON.stringify(config, null, 2)}\n`;
    case 'ts':
      return writeTypeScript(config, comment);
  }
}
