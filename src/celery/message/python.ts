import { toTyped, getBytes, reprTyped } from './typed.ts';

/**
 * A finite number as Python writes it. JavaScript has one kind of number where Python has two: a safe
 * integer is written as an `int`, any other as a `float`, with Python's own bounds for the exponent
 * form (`1e-05`, `1e+16`). Both languages agree on the digits: the fewest that read back the same.
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
 * JSON text as Python's `json.dumps` writes it and kombu sends it: ", " and ": ", everything beyond
 * ASCII escaped, floats in Python's spelling, `NaN` and `Infinity` as bare words. A BigInt is written as
 * an integer; a `Date`, bytes and kombu's typed values as maps of `__type__` and `__value__`. Throws a `TypeError` for what JSON cannot encode; `checkArguments` finds it before.
 */
export function pythonJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      // The others are NaN and the infinities, for which JSON in Python has JavaScript's own words.
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
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Characters that Celery gives each of `argsrepr` and `kwargsrepr`. */
const BUDGET = 1024;
/** Containers within this many others are shown as brackets with three dots. */
const DEPTH = 3;

/**
 * What workers, Flower and events show of arguments: Celery's `saferepr`, a Python `repr` cut to size.
 * Not quite Python's: strings stand in single quotes, in which only the single quote is escaped.
 * Arrays are shown as lists. Texts that are cut end as in Celery from 5.7 on, every bracket closed.
 */
export function saferepr(value: unknown): string {
  const printer = new Printer();
  printer.value(value, 0);
  return printer.text;
}

/** The same of positional arguments as Celery's canvas has them: a tuple. */
export function safereprTuple(args: readonly unknown[]): string {
  const printer = new Printer();
  printer.items(args, 0, ['(', args.length === 1 ? ',)' : ')']);
  return printer.text;
}

/** Every token is taken off the budget; when none is left one ", ..." follows, and open brackets close. */
class Printer {
  text = '';
  #budget = BUDGET;
  #stopped = false;

  value(value: unknown, level: number): void {
    if (typeof value === 'string') this.#string(value);
    else if (typeof value !== 'object' || value === null) this.#scalar(formatScalar(value));
    else if (Array.isArray(value)) this.items(value, level, ['[', ']']);
    else this.#object(value, level);
  }

  #object(value: object, level: number): void {
    const typed = toTyped(value);
    const bytes = typed && getBytes(typed);
    if (bytes) this.#bytes(bytes);
    else if (typed) this.#scalar(reprTyped(typed));
    else this.#dict(value as Record<string, unknown>, level);
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

  /** False if no items follow: the container is nested too deep, or the budget is spent. */
  #open(bracket: string, closing: string, level: number): boolean {
    if (level < DEPTH) return this.#put(bracket);
    this.#put(`${bracket}...${closing}`);
    return false;
  }

  /** Closes an open bracket, even beyond the budget. */
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

  /** False when the budget was spent before. */
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

function formatScalar(value: unknown): string {
  switch (value) {
    case null:
      return 'None';
    case true:
      return 'True';
    case false:
      return 'False';
    case Infinity:
      return 'inf';
    case -Infinity:
      return '-inf';
    default:
      if (typeof value !== 'number') return String(value);
      return Number.isNaN(value) ? 'nan' : pythonFloat(value);
  }
}

/** Quotes and all else raw, as in Celery; bytes that are no text as hex digits. */
function formatBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes.toString('hex');
}

/** Cut to `size` characters, then back to the last space; what just fits is cut as well, as in Celery. */
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

/**
 * Encodes a value of JSON as Python's pickle, protocol 2: SQLAlchemy's `PickleType`, in which Celery's database
 * backend stores results. Throws for any other value.
 */
export function encodePickle(value: unknown): Buffer {
  return Buffer.concat([Buffer.from([PROTO, 2]), ...encode(value), Buffer.from(STOP)]);
}

/** The opcodes, as in Python's `pickletools`. */
const PROTO = 0x80;
const STOP = '.';
const NONE = 'N';
const TRUE = '\x88';
const FALSE = '\x89';
const MARK = '(';
const EMPTY_LIST = ']';
const APPENDS = 'e';
const EMPTY_DICT = '}';
const SETITEMS = 'u';
const BINUNICODE = 'X';
const BINFLOAT = 'G';
const LONG = 'L';

function encode(value: unknown): Buffer[] {
  switch (typeof value) {
    case 'boolean':
      return [opcode(value ? TRUE : FALSE)];
    case 'number':
      return [encodeNumber(value)];
    case 'string':
      return encodeText(value);
    case 'object':
      return encodeObject(value);
    default:
      throw new TypeError(`a value of type ${typeof value} cannot be pickled`);
  }
}

function encodeObject(value: object | null): Buffer[] {
  if (value === null) return [opcode(NONE)];
  if (Array.isArray(value))
    return [opcode(EMPTY_LIST + MARK), ...value.flatMap(encode), opcode(APPENDS)];
  const items = Object.entries(value).flatMap(([key, item]) => [
    ...encodeText(key),
    ...encode(item),
  ]);
  return [opcode(EMPTY_DICT + MARK), ...items, opcode(SETITEMS)];
}

/** An integer as text, which has no limit; any other number as a double. */
function encodeNumber(value: number): Buffer {
  if (Number.isInteger(value) && !Object.is(value, -0)) return opcode(`${LONG}${BigInt(value)}L\n`);
  const double = Buffer.alloc(8);
  double.writeDoubleBE(value);
  return Buffer.concat([opcode(BINFLOAT), double]);
}

/** A lone surrogate becomes U+FFFD. */
function encodeText(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [opcode(BINUNICODE), length, bytes];
}

function opcode(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
