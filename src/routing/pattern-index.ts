/** A pattern of names; every name that it matches contains `literal`, which may be empty. */
export interface Pattern {
  readonly literal: string;
  test(name: string): boolean;
}

/** The length of the indexed substrings: four letters distinguish most patterns. */
const MAX_LENGTH = 4;

/**
 * Finds the first of many patterns that matches a name. Tests only patterns with a substring of their literal in
 * the name, because ten thousand tasks and ten thousand routes would be a hundred million tests.
 */
export class PatternIndex {
  readonly #patterns: readonly Pattern[];
  /** Substring of a literal → indexes of its patterns, ascending. */
  readonly #byPiece = new Map<string, number[]>();

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    const uses = new Map<string, number>();
    const pieces = patterns.map(({ literal }) => listSubstrings(literal, [lengthFor(literal)]));
    for (const piece of pieces.flat()) uses.set(piece, (uses.get(piece) ?? 0) + 1);
    for (const [place, each] of pieces.entries()) {
      // The substring with the fewest patterns.
      const piece = each.reduce((a, b) => (uses.get(b)! < uses.get(a)! ? b : a));
      const found = this.#byPiece.get(piece);
      if (found) found.push(place);
      else this.#byPiece.set(piece, [place]);
    }
  }

  /** Returns the index of the first pattern that matches, or -1. */
  find(name: string): number {
    const lengths = Array.from({ length: MAX_LENGTH + 1 }, (_, length) => length);
    let first = this.#patterns.length;
    for (const piece of listSubstrings(name, lengths)) {
      const places = this.#byPiece.get(piece) ?? [];
      const place = places.find((at) => at >= first || this.#patterns[at]!.test(name)) ?? first;
      if (place < first) first = place;
    }
    return first < this.#patterns.length ? first : -1;
  }
}

function lengthFor(literal: string): number {
  return Math.min(literal.length, MAX_LENGTH);
}

/** Lists the distinct substrings of these lengths. */
function listSubstrings(text: string, lengths: readonly number[]): string[] {
  const pieces = new Set<string>();
  for (const length of lengths) {
    if (length === 0) pieces.add('');
    else for (let at = 0; at + length <= text.length; at++) pieces.add(text.slice(at, at + length));
  }
  return [...pieces];
}
