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
      return `${JSON.stringify(config, exactly, 2)}\n`;
    case 'ts':
      return writeTypeScript(config, comment);
  }
}

/** Of Node 22, which TypeScript does not know yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** Writes integers beyond 2^53, which are BigInt, as numbers: beat reads all their digits. */
function exactly(_key: string, value: unknown): unknown {
  if (Object.is(value, -0)) return rawJSON('-0');
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}
