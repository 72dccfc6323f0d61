import { pythonFloat } from './python-number.ts';
import { getBytes, toTyped, reprTyped } from '../typed/typed.ts';

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
