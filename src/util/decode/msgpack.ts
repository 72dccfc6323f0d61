import type * as Msgpack from '@msgpack/msgpack';
import { onDemand } from '../on-demand.ts';
import { checkLength, Extent, MAX_LENGTH, UndecodableError } from './limits.ts';

const library = onDemand((require) => require('@msgpack/msgpack') as typeof Msgpack);

/**
 * Decodes a MessagePack document from outside. The library allocates what headers declare, so that all headers are
 * compared with the length of the document first. Throws an `UndecodableError` for a document that is not complete.
 */
export function decodeMsgpack(document: Buffer): unknown {
  checkLength(document.length, MAX_LENGTH);
  new Scan(document).check();
  return library().decode(document);
}

/** What the first byte of a value announces. */
interface Header {
  /** The length of the header itself, in bytes. */
  readonly size: number;
  /** Bytes of the value after its header. */
  readonly data: number;
  /** Values inside a list or map, keys included; `null` for a value that is neither. */
  readonly items: number | null;
}

/** One pass over the headers of a document, without recursion. */
class Scan {
  readonly #document: Buffer;
  readonly #extent = new Extent();
  /** How many values each open list or map still has. */
  readonly #open: number[] = [];
  /** The sum of these numbers: each takes one byte at least. */
  #missing = 1;
  #at = 0;

  constructor(document: Buffer) {
    this.#document = document;
  }

  check(): void {
    while (this.#missing > 0) {
      const { size, data, items } = this.#readHeader();
      this.#at += size + data;
      this.#missing -= 1;
      this.#extent.add(1);
      if (items === null) this.#endValue();
      else this.#begin(items);
      if (this.#missing > this.#document.length - this.#at) throw incomplete();
    }
  }

  #begin(items: number): void {
    this.#missing += items;
    this.#extent.enter();
    this.#open.push(items);
    if (items > 0) return;
    this.#open.pop();
    this.#extent.leave();
    this.#endValue();
  }

  /** Closes the lists and maps whose last value has ended. */
  #endValue(): void {
    while (this.#open.length > 0) {
      const rest = this.#open.pop()! - 1;
      if (rest > 0) {
        this.#open.push(rest);
        return;
      }
      this.#extent.leave();
    }
  }

  #readHeader(): Header {
    const first = this.#document[this.#at];
    if (first === undefined) throw incomplete();
    if (first < 0x80 || first >= 0xe0) return { size: 1, data: 0, items: null };
    if (first < 0x90) return { size: 1, data: 0, items: 2 * (first & 0x0f) };
    if (first < 0xa0) return { size: 1, data: 0, items: first & 0x0f };
    if (first < 0xc0) return { size: 1, data: first & 0x1f, items: null };
    return this.#readLongHeader(first);
  }

  #readLongHeader(first: number): Header {
    const fixed = FIXED.get(first);
    if (fixed !== undefined) return { size: 1, data: fixed, items: null };
    const counted = COUNTED.get(first);
    if (!counted)
      throw new UndecodableError(`it contains the invalid byte 0x${first.toString(16)}`);
    const { width, per, isCollection, extra } = counted;
    if (this.#at + 1 + width > this.#document.length) throw incomplete();
    const length = per * this.#document.readUIntBE(this.#at + 1, width);
    const size = 1 + width;
    return isCollection
      ? { size, data: 0, items: length }
      : { size, data: length + extra, items: null };
  }
}

/** Bytes after the first of values of a fixed length: nil, booleans, numbers, extensions. */
const FIXED: ReadonlyMap<number, number> = new Map(
  Object.entries({
    ...{ 0xc0: 0, 0xc2: 0, 0xc3: 0 },
    ...{ 0xca: 4, 0xcb: 8 },
    ...{ 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 },
    ...{ 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8 },
    ...{ 0xd4: 2, 0xd5: 3, 0xd6: 5, 0xd7: 9, 0xd8: 17 },
  }).map(([first, size]) => [Number(first), size]),
);

interface Counted {
  /** Bytes of the number after the first byte. */
  readonly width: number;
  /** Bytes or values for each that the number counts. */
  readonly per: number;
  readonly isCollection: boolean;
  /** Bytes beside those that the number counts: the type of an extension. */
  readonly extra: number;
}

/** Values whose length follows their first byte: bytes, extensions, texts, lists, maps. */
const COUNTED: ReadonlyMap<number, Counted> = new Map([
  ...sized([0xc4, 0xc5, 0xc6], { per: 1, isCollection: false, extra: 0 }),
  ...sized([0xc7, 0xc8, 0xc9], { per: 1, isCollection: false, extra: 1 }),
  ...sized([0xd9, 0xda, 0xdb], { per: 1, isCollection: false, extra: 0 }),
  ...sized([null, 0xdc, 0xdd], { per: 1, isCollection: true, extra: 0 }),
  ...sized([null, 0xde, 0xdf], { per: 2, isCollection: true, extra: 0 }),
]);

/** The forms of one kind of value, by the width of their number: 1, 2 and 4 bytes. */
function sized(
  firsts: readonly (number | null)[],
  kind: Omit<Counted, 'width'>,
): [number, Counted][] {
  return firsts.flatMap((first, i) =>
    first === null ? [] : [[first, { ...kind, width: 2 ** i }] as [number, Counted]],
  );
}

function incomplete(): UndecodableError {
  return new UndecodableError('it is not complete: it declares more than it contains');
}
