/** Something that matches names, and a text that every name holds that it matches; empty for none. */
export interface Pattern {
  readonly literal: string;
  test(name: string): boolean;
}

/** The longest piece of a literal that is looked up: four letters tell most patterns apart. */
const LONGEST = 4;

/**
 * Finds the first of many patterns that matches a name, without a test of each: a pattern is tested only for
 * names that hold a piece of its literal. Ten thousand tasks against ten thousand routes would be a hundred
 * million tests.
 */
export class PatternIndex {
  readonly #patterns: readonly Pattern[];
  /** Piece of a literal → the patterns that are found by it, as places in the list, ascending. */
  readonly #byPiece = new Map<string, number[]>();

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    const uses = new Map<string, number>();
    const pieces = patterns.map(({ literal }) => listSubstrings(literal, [lengthFor(literal)]));
    for (const piece of pieces.flat()) uses.set(piece, (uses.get(piece) ?? 0) + 1);
    for (const [place, each] of pieces.entries()) {
      // The piece that fewest others hold.
      const piece = each.reduce((a, b) => (uses.get(b)! < uses.get(a)! ? b : a));
      const found = this.#byPiece.get(piece);
      if (found) found.push(place);
      else this.#byPiece.set(piece, [place]);
    }
  }

  /** The place in the list of the first pattern that matches; -1 when none does. */
  find(name: string): number {
    const lengths = Array.from({ length: LONGEST + 1 }, (_, length) => length);
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
  return Math.min(literal.length, LONGEST);
}

/** Every text of these lengths that stands in a text, each once. */
function listSubstrings(text: string, lengths: readonly number[]): string[] {
  const pieces = new Set<string>();
  for (const length of lengths) {
    if (length === 0) pieces.add('');
    else for (let at = 0; at + length <= text.length; at++) pieces.add(text.slice(at, at + length));
  }
  return [...pieces];
}
