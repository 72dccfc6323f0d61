/** What one statement carries at most: rows, and bytes of text, well below the packet that any server takes. */
const ROWS = 1_000;
const BYTES = 1_000_000;

/** The items in order, in lists that fit into one statement each; an item alone may be larger. */
export function* inBites<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<T[]> {
  let bite: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (bite.length === ROWS || (bite.length > 0 && bytes + size > BYTES)) {
      yield bite;
      bite = [];
      bytes = 0;
    }
    bite.push(item);
    bytes += size;
  }
  if (bite.length > 0) yield bite;
}
