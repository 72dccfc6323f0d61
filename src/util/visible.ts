/** Control characters, characters that change the direction of text, and line and paragraph separators. */
const CONTROLS = /[\p{Cc}\p{Bidi_C}\u2028\u2029\ufeff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Escapes the control characters of one line: a terminal would execute them, and a line break in a name could forge a
 * line. JSON keeps its value: it contains control characters only in strings, and these escapes are JSON's own.
 */
export function escapeLine(line: string): string {
  return line.replace(CONTROLS, escape);
}

/** Escapes the control characters of a text of several lines, except its line breaks. */
export function escapeLines(text: string): string {
  return text.replace(CONTROLS, (char) => (char === '\n' ? char : escape(char)));
}

/** Shortens a text to `max` characters and `…`. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  // Not within a surrogate pair.
  return `${text.slice(0, max).replace(/[\ud800-\udbff]$/, '')}…`;
}

function escape(char: string): string {
  return SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
