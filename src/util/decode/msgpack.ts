import type * as Msgpack from '@msgpack/msgpack';
import { onDemand } from '../on-demand.ts';
import { checkLength, Extent, MAX_LENGTH, UndecodableError } from './limits.ts';

const library = onDemand((require) => require('@msgpack/msgpack') as typeof Msgpack);

/**
 * Decodes a MessagePack document from outside. The library allocates what headers declare, so all headers are compared
 * with the length of the document first. Throws an `UndecodableError` for an incomplete document.
 */
export function decodeMsgpack(document: Buffer): unknown {
  checkLength(document.length, MAX_LENGTH);
  scan(document);
  return library().decode(document);
}

interface Header {
  /** Bytes of the value, with its header. */
  readonly size: number;
  /** Values inside a list or map, keys included; `null` for a value that is neither. */
  readonly items: number | null;
}

/** Checks the headers of a document, without recursion. */
function scan(document: Buffer): void {
  const extent = new Extent();
  /** How many values each open list or map still has. */
  const open: number[] = [];
  /** The sum of these numbers: each missing value takes at least one byte. */
  let missing = 1;
  let at = 0;
  while (missing > 0) {
    const { size, items } = readHeader(document, at);
    at += size;
    missing += (items ?? 0) - 1;
    extent.add(1);
    if (missing > document.length - at) throw incomplete();
    if (items !== null) {
      extent.enter();
      open.push(items);
    } else if (open.length > 0) open[open.length - 1]! -= 1;
    // Closes the lists and maps whose last value has ended; each is a value of the one around it.
    while (open.at(-1) === 0) {
      open.pop();
      extent.leave();
      if (open.length > 0) open[open.length - 1]! -= 1;
    }
  }
}

function readHeader(document: Buffer, at: number): Header {
  const first = document[at];
  if (first === undefined) throw incomplete();
  if (first < 0x80 || first >= 0xe0) return { size: 1, items: null };
  if (first < 0x90) return { size: 1, items: 2 * (first & 0x0f) };
  if (first < 0xa0) return { size: 1, items: first & 0x0f };
  if (first < 0xc0) return { size: 1 + (first & 0x1f), items: null };
  const fixed = FIXED.get(first);
  if (fixed !== undefined) return { size: 1 + fixed, items: null };
  const counted = COUNTED.get(first);
  if (!counted) throw new UndecodableError(`it contains the invalid byte 0x${first.toString(16)}`);
  const { width, kind } = counted;
  if (at + 1 + width > document.length) throw incomplete();
  const count = document.readUIntBE(at + 1, width);
  const size = 1 + width;
  if (kind === 'list') return { size, items: count };
  if (kind === 'map') return { size, items: 2 * count };
  return { size: size + count + (kind === 'extension' ? 1 : 0), items: null };
}

/** The number of bytes after the first byte, for values of a fixed length: nil, booleans, numbers, extensions. */
const FIXED: ReadonlyMap<number, number> = new Map([
  ...inOrder(0xca, [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17]),
  ...inOrder(0xc2, [0, 0]),
  [0xc0, 0],
]);

/** Pairs consecutive bytes with their sizes. */
function inOrder(first: number, sizes: readonly number[]): [number, number][] {
  return sizes.map((size, i) => [first + i, size]);
}

interface Counted {
  /** Bytes of the number after the first byte. */
  readonly width: 1 | 2 | 4;
  readonly kind: 'bytes' | 'extension' | 'list' | 'map';
}

/** Values whose length, in bytes or values, follows their first byte. */
const COUNTED: ReadonlyMap<number, Counted> = new Map([
  [0xc4, { width: 1, kind: 'bytes' }],
  [0xc5, { width: 2, kind: 'bytes' }],
  [0xc6, { width: 4, kind: 'bytes' }],
  [0xc7, { width: 1, kind: 'extension' }],
  [0xc8, { width: 2, kind: 'extension' }],
  [0xc9, { width: 4, kind: 'extension' }],
  [0xd9, { width: 1, kind: 'bytes' }],
  [0xda, { width: 2, kind: 'bytes' }],
  [0xdb, { width: 4, kind: 'bytes' }],
  [0xdc, { width: 2, kind: 'list' }],
  [0xdd, { width: 4, kind: 'list' }],
  [0xde, { width: 2, kind: 'map' }],
  [0xdf, { width: 4, kind: 'map' }],
]);

function incomplete(): UndecodableError {
  return new UndecodableError('it is not complete: it declares more than it contains');
}
