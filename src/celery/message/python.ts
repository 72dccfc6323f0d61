import { toTyped, getBytes, reprTyped } from './typed.ts';

/**
 * A finite number as Python writes it: a safe integer as an `int`, any other as a `float`, with Python's bounds for the
 * exponent form (`1e-05`, `1e+16`). Both languages write the fewest digits that read back the same.
 */
export function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isSafeInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/**
 * JSON text as Python's `json.dumps` writes it and kombu sends it: separators with spaces, ASCII only, floats in
 * Python's spelling, `NaN` and `Infinity` as words; a BigInt as an integer, a `Date`, bytes and kombu's typed values as
 * maps. Throws a `TypeError` for what JSON cannot encode; `checkArguments` finds it before.
 */
export function pythonJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      // Python's JSON has the words of JavaScript for NaN and the infinities.
      return Number.isFinite(value) ? pythonFloat(value) : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return array(value);
      return object((toTyped(value) ?? value) as Record<string, unknown>);
    default:
      throw new TypeError(`JSON cannot encode a ${typeof value}`);
  }
}

function array(items: readonly unknown[]): string {
  let text = '';
  for (const item of items) text += `${text && ', '}${pythonJson(item)}`;
  return `[${text}]`;
}

function object(map: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const key of Object.keys(map)) {
    text += `${text && ', '}${quote(key)}: ${pythonJson(map[key])}`;
  }
  return `{${text}}`;
}

/** Printable ASCII without `"` and `\`, which needs no escapes. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** Characters that Python's JSON escapes and JavaScript's does not. */
const UNPRINTABLE = /[\u007f-\uffff]/g;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text).replace(UNPRINTABLE, escapeUnit);
}

/** By UTF-16 unit, so that a character beyond U+FFFF becomes a surrogate pair, as in Python. */
export function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The characters that Celery allows for each of `argsrepr` and `kwargsrepr`. */
const BUDGET = 1024;
/** Containers within this many others are shown as brackets with three dots. */
const DEPTH = 3;

/**
 * Celery's `saferepr`, the form in which workers, Flower and events show arguments: a Python `repr` cut to size. Unlike
 * in Python, only the single quote is escaped. A cut text ends as in Celery 5.7, with every bracket closed.
 */
export function saferepr(value: unknown): string {
  const printer = new Printer();
  printer.value(value, 0);
  return printer.text;
}

/** The `saferepr` of positional arguments in a canvas: a tuple. */
export function safereprTuple(args: readonly unknown[]): string {
  const printer = new Printer();
  printer.items(args, 0, ['(', args.length === 1 ? ',)' : ')']);
  return printer.text;
}

/** Subtracts each token from the budget; writes ", ..." once when it is spent, and closes open brackets. */
class Printer {
  text = '';
  #budget = BUDGET;
  #stopped = false;

  value(value: unknown, level: number): void {
    if (typeof value === 'string') return this.#string(value);
    if (typeof value !== 'object' || value === null)
      return this.#scalar(WORDS.get(value) ?? (typeof value === 'number' ? pythonFloat(value) : String(value)));
    if (Array.isArray(value)) return this.items(value, level, ['[', ']']);
    const typed = toTyped(value);
    if (!typed) return this.#dict(value as Record<string, unknown>, level);
    const bytes = getBytes(typed);
    if (bytes) this.#bytes(bytes);
    else this.#scalar(reprTyped(typed));
  }

  items(items: readonly unknown[], level: number, [opening, closing]: [string, string]): void {
    if (!this.#open(opening, closing, level)) return;
    for (let i = 0; i < items.length; i++) {
      if (i > 0 && !this.#put(', ')) break;
      this.value(items[i], level + 1);
    }
    this.#close(closing);
  }

  #dict(map: Readonly<Record<string, unknown>>, level: number): void {
    if (!this.#open('{', '}', level)) return;
    let first = true;
    for (const key of Object.keys(map)) {
      if (!first && !this.#put(', ')) break;
      first = false;
      this.#string(key);
      this.#put(': ');
      this.value(map[key], level + 1);
    }
    this.#close('}');
  }

  /** Returns false if no items follow: the container is nested too deep, or the budget is spent. */
  #open(bracket: string, closing: string, level: number): boolean {
    if (level < DEPTH) return this.#put(bracket);
    this.#put(`${bracket}...${closing}`);
    return false;
  }

  #close(bracket: string): void {
    this.text += bracket;
    this.#budget -= 1;
  }

  #string(text: string): void {
    if (this.#exhausted()) return;
    this.#put(`'${truncate(text, this.#budget).replaceAll("'", "\\'")}'`);
  }

  #bytes(bytes: Buffer): void {
    if (this.#exhausted()) return;
    const cut = bytes.length > this.#budget;
    this.#put(`b'${formatBytes(bytes.subarray(0, this.#budget))}${cut ? '...' : ''}'`);
  }

  #scalar(text: string): void {
    if (this.#exhausted()) return;
    this.#put(truncate(text, this.#budget));
  }

  /** Returns false if the budget was spent before. */
  #put(token: string): boolean {
    if (this.#exhausted()) return false;
    this.text += token;
    this.#budget -= lengthInPython(token);
    return true;
  }

  #exhausted(): boolean {
    if (!this.#stopped && this.#budget <= 0) {
      this.#stopped = true;
      this.text += ', ...';
    }
    return this.#stopped;
  }
}

const WORDS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...([
    [null, 'None'],
    [true, 'True'],
    [false, 'False'],
  ] as const),
  ...([
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [NaN, 'nan'],
  ] as const),
]);

/** Text without escapes, as in Celery; hex digits for bytes that are not UTF-8. */
function formatBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes.toString('hex');
}

/** Cuts to `size` characters, then back to the last space. As in Celery, a text of exactly this size is cut too. */
function truncate(text: string, size: number): string {
  if (text.length < size || lengthInPython(text) < size) return text;
  const cut = Array.from(text).slice(0, size).join('');
  const space = cut.lastIndexOf(' ');
  return `${space < 0 ? cut : cut.slice(0, space)}...`;
}

const SURROGATE = /[\ud800-\udfff]/;
const SURROGATE_PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Python counts characters where JavaScript counts UTF-16 units. */
function lengthInPython(text: string): number {
  if (text.length < 2 || !SURROGATE.test(text)) return text.length;
  return text.length - (text.match(SURROGATE_PAIR)?.length ?? 0);
}

/** Encodes JSON as a pickle of protocol 2, in which Celery's database backend stores results. Throws for the rest. */
export function encodePickle(value: unknown): Buffer {
  return Buffer.from(`\x80\x02${pickle(value)}.`, 'latin1');
}

/** The opcodes of a value, as in Python's `pickletools`: one character for each byte. */
function pickle(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '\x88' : '\x89';
    case 'number':
      return pickleNumber(value);
    case 'string':
      return pickleText(value);
    case 'object': {
      if (value === null) return 'N';
      if (Array.isArray(value)) return `](${value.map(pickle).join('')}e`;
      const items = Object.entries(value).map(([key, item]) => pickleText(key) + pickle(item));
      return `}(${items.join('')}u`;
    }
    default:
      throw new TypeError(`a value of type ${typeof value} cannot be pickled`);
  }
}

/** An integer as text, which has no limit; any other number as a double. */
function pickleNumber(value: number): string {
  if (Number.isInteger(value) && !Object.is(value, -0)) return `L${BigInt(value)}L\n`;
  const double = Buffer.alloc(8);
  double.writeDoubleBE(value);
  return `G${double.toString('latin1')}`;
}

/** A lone surrogate becomes U+FFFD. */
function pickleText(text: string): string {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return `X${length.toString('latin1')}${bytes.toString('latin1')}`;
}
