import { pythonFloat } from './python-number.ts';
import { toTyped } from '../typed/typed.ts';

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
