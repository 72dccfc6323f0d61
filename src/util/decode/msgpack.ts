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
  const format = FORMATS[first - 0xc0];
  if (!format) throw new UndecodableError(`it contains the invalid byte 0x${first.toString(16)}`);
  const [kind, width] = format;
  const size = 1 + width;
  if (kind === 'fixed') return { size, items: null };
  if (at + size > document.length) throw incomplete();
  const count = document.readUIntBE(at + 1, width);
  if (kind === 'list') return { size, items: count };
  if (kind === 'map') return { size, items: 2 * count };
  return { size: size + count + (kind === 'extension' ? 1 : 0), items: null };
}

/** What follows a first byte: a value of `width` bytes, or its length, in bytes or values, as a number of `width` bytes. */
type Format = readonly [kind: 'fixed' | 'bytes' | 'extension' | 'list' | 'map', width: number];

/** The formats of the first bytes from 0xc0 to 0xdf. */
const FORMATS: readonly (Format | null)[] = [
  ['fixed', 0], // nil
  null,
  ...formats('fixed', [0, 0]), // booleans
  ...formats('bytes', [1, 2, 4]),
  ...formats('extension', [1, 2, 4]),
  ...formats('fixed', [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]), // numbers
  ...formats('fixed', [2, 3, 5, 9, 17]), // short extensions
  ...formats('bytes', [1, 2, 4]), // texts
  ...formats('list', [2, 4]),
  ...formats('map', [2, 4]),
];

function formats(kind: Format[0], widths: readonly number[]): readonly Format[] {
  return widths.map((width) => [kind, width]);
}

function incomplete(): UndecodableError {
  return new UndecodableError('it is not complete: it declares more than it contains');
}
