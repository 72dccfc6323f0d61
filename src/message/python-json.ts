import { pythonFloat } from './python-number.ts';

/**
 * JSON text as Python's `json.dumps` writes it and kombu sends it: ", " and ": ", everything beyond
 * ASCII escaped, floats in Python's spelling, `NaN` and `Infinity` as bare words. A BigInt is written as
 * an integer. Throws a `TypeError` for what JSON cannot carry; `checkArguments` finds it before.
 */
export function pythonJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return pythonNumber(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
      return `{${Object.entries(value).map(pair).join(', ')}}`;
    default:
      throw new TypeError(`JSON cannot carry a ${typeof value}`);
  }
}

function pair([key, value]: [string, unknown]): string {
  return `${quote(key)}: ${pythonJson(value)}`;
}

function pythonNumber(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return String(value); // NaN, Infinity, -Infinity: JavaScript's own words for them
}

/** DEL and everything above: JavaScript's JSON leaves it as it is, Python's escapes it (but for DEL). */
const BEYOND_ASCII = /[\u0080-\uffff]/g;

function quote(text: string): string {
  return JSON.stringify(text).replace(BEYOND_ASCII, escapeUnit);
}

/** By UTF-16 unit, so that a character beyond U+FFFF becomes a surrogate pair, as in Python. */
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
