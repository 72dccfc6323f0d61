import { stringify } from 'yaml';
import { isMap } from '../util/is-map.ts';

export const FORMATS = ['yaml', 'json', 'ts'] as const;
export type Format = (typeof FORMATS)[number];

/** A configuration as the text of a file that begins with a comment; JSON has no place for it. */
export function writeConfig(config: object, format: Format, comment: readonly string[]): string {
  switch (format) {
    case 'yaml':
      return comment.map((line) => `# ${line}\n`).join('') + stringify(config, { lineWidth: 0 });
    case 'json':
      return `${JSON.stringify(config, exactly, 2)}\n`;
    case 'ts':
      return writeTypeScript(config, comment);
  }
}

/** `JSON.rawJSON` is part of Node 22; TypeScript does not know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** Writes integers beyond 2^53, which are BigInt, as numbers: beat reads all their digits. */
function exactly(_key: string, value: unknown): unknown {
  if (Object.is(value, -0)) return rawJSON('-0');
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}

const WIDTH = 100;

/** The schedules that have a function of their own, and whether it accepts a time zone as an option. */
const FUNCTIONS: ReadonlyMap<string, boolean> = new Map([
  ['crontab', true],
  ['timedelta', false],
  ['cron', true],
  ['at', true],
]);

function writeTypeScript(config: object, comment: readonly string[]): string {
  const module = new ModuleWriter();
  const text = module.print(config, [], 0, 'export default defineConfig('.length);
  const imported = ['defineConfig', ...module.used].sort();
  return [
    ...comment.map((line) => `// ${line}\n`),
    `import { ${imported.join(', ')} } from 'celery-beat';\n\n`,
    `export default defineConfig(${text});\n`,
  ].join('');
}

/** Prints values in the style of Prettier, with schedules as calls of beat's functions. */
class ModuleWriter {
  readonly used = new Set<string>();

  /** Prints a value at a path. `column` is its column, and `indent` the indentation of its line. */
  print(value: unknown, path: readonly string[], indent: number, column: number): string {
    const call = isSchedulePath(path) ? this.#printCall(value, column) : undefined;
    if (call !== undefined) return call;
    const isList = Array.isArray(value);
    if (!isList && !isMap(value)) return printScalar(value);
    const line = printLine(value);
    if (isShortMap(value, path) && column + line.length + 1 <= WIDTH) return line;
    const inner = ' '.repeat(indent + 2);
    const items = isList
      ? value.map((item, i) => this.print(item, [...path, String(i)], indent + 2, indent + 2))
      : Object.entries(value).map(([key, item]) => this.#printPair(key, item, path, indent + 2));
    if (items.length === 0) return isList ? '[]' : '{}';
    const [open, close] = isList ? ['[', ']'] : ['{', '}'];
    const rows = items.map((item) => `${inner}${item},\n`).join('');
    return `${open}\n${rows}${' '.repeat(indent)}${close}`;
  }

  #printPair(key: string, value: unknown, path: readonly string[], indent: number): string {
    const prefix = `${printKey(key)}: `;
    const text = this.print(value, [...path, key], indent, indent + prefix.length);
    const isWide = typeof value === 'string' && indent + prefix.length + text.length + 1 > WIDTH;
    return isWide ? `${prefix.trimEnd()}\n${' '.repeat(indent + 2)}${text}` : prefix + text;
  }

  /** Returns `undefined` if no function makes the value, or if the call does not fit in the line. */
  #printCall(value: unknown, column: number): string | undefined {
    if (!isMap(value)) return undefined;
    const { timezone, ...kinds } = value;
    const [[kind, argument] = ['', undefined], ...others] = Object.entries(kinds);
    const isZoned = FUNCTIONS.get(kind);
    if (others.length > 0 || isZoned === undefined || (timezone !== undefined && !isZoned)) return undefined;
    const given = timezone === undefined ? [argument] : [argument, { timezone }];
    const call = `${kind}(${given.map(printLine).join(', ')})`;
    if (column + call.length + 1 > WIDTH) return undefined;
    this.used.add(kind);
    return call;
  }
}

function isSchedulePath([map, , field, ...below]: readonly string[]): boolean {
  return map === 'beatSchedule' && field === 'schedule' && below.length === 0;
}

/** Entries and the maps around them have a line for each of their keys. */
function isShortMap(value: object, path: readonly string[]): boolean {
  return Array.isArray(value) || path.length > 2 || (path.length > 0 && path[0] !== 'beatSchedule');
}

function printLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printLine).join(', ')}]`;
  if (!isMap(value)) return printScalar(value);
  const pairs = Object.entries(value).map(([key, item]) => `${printKey(key)}: ${printLine(item)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function printKey(key: string): string {
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

function printScalar(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value instanceof Date) return `new Date('${value.toISOString()}')`;
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
}

/** A text in single quotes, or in double ones if that needs fewer backslashes. */
function quote(text: string): string {
  const json = JSON.stringify(text).replace(/[\u2028\u2029]/g, (char) => (char === '\u2028' ? '\\u2028' : '\\u2029'));
  const count = (char: string) => text.split(char).length;
  if (count("'") > count('"')) return json;
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
