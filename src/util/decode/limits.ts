/** Levels of lists and maps in a document from outside; the deepest useful ones (nested canvases) have 300. */
export const MAX_DEPTH = 500;

/** Values in one document, keys of maps not counted: each takes memory many times its length. */
export const MAX_VALUES = 100_000;

/** The longest document, unless its reader allows another length. UTF-16 units or bytes. */
export const MAX_LENGTH = 1_000_000;

/** A document that would take more time or memory than its length justifies, or is not complete. */
export class UndecodableError extends Error {
  override name = 'UndecodableError';
}

export function checkLength(length: number, allowed: number): void {
  if (length > allowed) throw new UndecodableError(`it has a length of ${length}, more than the ${allowed} allowed`);
}

/** Counts the values and levels of a document while it is scanned, and throws an `UndecodableError` for too many. */
export class Extent {
  readonly #maxValues: number;
  #depth = 0;
  #values = 0;

  constructor(maxValues: number = MAX_VALUES) {
    this.#maxValues = maxValues;
  }

  add(count: number): void {
    this.#values += count;
    if (this.#values > this.#maxValues) throw new UndecodableError(`it has more than ${this.#maxValues} values`);
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new UndecodableError(`it is nested deeper than ${MAX_DEPTH} levels`);
  }

  leave(): void {
    this.#depth -= 1;
  }
}
