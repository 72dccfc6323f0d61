/** The most rows, and bytes of text, of one statement: well below the largest packet of any server. */
const ROWS = 1_000;
const BYTES = 1_000_000;

/** Splits items, in order, into lists that each fit into one statement; a single item may be larger. */
export function* inChunks<T>(items: readonly T[], measure: (item: T) => number): Generator<T[]> {
  let chunk: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = measure(item);
    if (chunk.length === ROWS || (chunk.length > 0 && bytes + size > BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
