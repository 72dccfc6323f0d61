import { pythonFloat } from './python-number.ts';

/** Characters that Celery gives each of `argsrepr` and `kwargsrepr`. */
const BUDGET = 1024;
/** Containers deeper than this are shown as brackets with three dots. */
const DEPTH = 3;

/**
 * What workers, Flower and events show of arguments: Celery's `saferepr`, a Python `repr` cut to size.
 * Not quite Python's: strings stand in single quotes, in which only the single quote is escaped.
 * Arrays are shown as lists. Where Celery's versions differ (5.2 leaves brackets of cut texts open), it is
 * as in the newest.
 */
export function saferepr(value: unknown): string {
  return new Printer().print(value);
}

/** Every token is taken off the budget; at none left, one ", ..." follows and open brackets close. */
class Printer {
  #text = '';
  #budget = BUDGET;
  #stopped = false;

  print(value: unknown): string {
    this.#value(value, 0);
    return this.#text;
  }

  #value(value: unknown, level: number): void {
    if (typeof value === 'string') this.#quoted(value);
    else if (typeof value !== 'object' || value === null) this.#scalar(scalarText(value));
    else if (Array.isArray(value))
      this.#container('[', ']', value, level, (v) => this.#value(v, level + 1));
    else {
      this.#container('{', '}', Object.entries(value), level, ([key, v]) => {
        this.#quoted(key);
        this.#put(': ');
        this.#value(v, level + 1);
      });
    }
  }

  #container<T>(
    open: string,
    close: string,
    items: readonly T[],
    level: number,
    item: (item: T) => void,
  ): void {
    if (level >= DEPTH) return this.#put(`${open}...${close}`);
    this.#put(open);
    if (this.#stopped) return;
    for (let i = 0; i < items.length && !this.#stopped; i++) {
      if (i > 0) this.#put(', ');
      item(items[i] as T);
    }
    // What was opened is closed, whatever the budget says.
    this.#text += close;
    this.#budget -= close.length;
  }

  #quoted(text: string): void {
    if (this.#exhausted()) return;
    this.#put(`'${truncate(text, this.#budget).replaceAll("'", "\\'")}'`);
  }

  #scalar(text: string): void {
    if (this.#exhausted()) return;
    this.#put(truncate(text, this.#budget));
  }

  #put(token: string): void {
    if (this.#exhausted()) return;
    this.#text += token;
    this.#budget -= lengthInPython(token);
  }

  #exhausted(): boolean {
    if (!this.#stopped && this.#budget <= 0) {
      this.#stopped = true;
      this.#text += ', ...';
    }
    return this.#stopped;
  }
}

function scalarText(value: unknown): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value !== 'number' || Number.isFinite(value)) {
    return typeof value === 'number' ? pythonFloat(value) : String(value);
  }
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** Cut to `size` characters, then back to the last space; a text that just fits is cut as well, as in Celery. */
function truncate(text: string, size: number): string {
  if (text.length < size || lengthInPython(text) < size) return text;
  const cut = Array.from(text).slice(0, size).join('');
  const space = cut.lastIndexOf(' ');
  return `${space < 0 ? cut : cut.slice(0, space)}...`;
}

const SURROGATE_PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Python counts characters where JavaScript counts UTF-16 units. */
function lengthInPython(text: string): number {
  return text.length - (text.match(SURROGATE_PAIR)?.length ?? 0);
}
