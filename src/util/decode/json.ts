import { checkLength, Extent, MAX_LENGTH, MAX_VALUES } from './limits.ts';

/**
 * Parses a JSON text from outside. Throws an `UndecodableError` if it is too long, too deep or has too many values
 * before anything is allocated, and a `SyntaxError` as `JSON.parse` does. `maxLength` is in UTF-16 units.
 */
export function parseJson(text: string, maxLength: number = MAX_LENGTH): unknown {
  checkLength(text.length, maxLength);
  checkJson(text);
  return JSON.parse(text);
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = [0x5b, 0x7b] as const;
const CLOSE = [0x5d, 0x7d] as const;

/** Throws an `UndecodableError` for a text that is too deep or has too many values. */
export function checkJson(text: string, maxValues: number = MAX_VALUES): void {
  const extent = new Extent(maxValues);
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) at = findClosingQuote(text, at);
    else if (sign === COMMA) extent.add(1);
    else if (sign === OPEN[0] || sign === OPEN[1]) {
      extent.add(1);
      extent.enter();
    } else if (sign === CLOSE[0] || sign === CLOSE[1]) extent.leave();
  }
}

/** The offset of the quote that closes the string at `start`; the end of the text if there is none. */
export function findClosingQuote(text: string, start: number): number {
  for (let at = start; ;) {
    at = text.indexOf('"', at + 1);
    if (at === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}
