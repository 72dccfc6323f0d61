import type { TypedValue } from '../typed/typed.ts';

/** kombu's names of the serializers that beat has. */
export type SerializerName = 'json' | 'yaml' | 'msgpack';

/** What arguments consist of, below arrays and maps; the text of keys as well. */
export type Leaf = null | boolean | number | bigint | string | TypedValue;

/** How a task's arguments become bytes. */
export interface Serializer {
  readonly name: SerializerName;
  /** kombu's, by which a worker finds out how to read them. */
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  /** The format's own name, for messages. */
  readonly format: string;
  /** What it carries of Python's values that JSON has no word for, as they are made in JavaScript. */
  readonly extras: readonly string[];
  /** Why a value cannot be carried, or not unchanged; `null` when it can. */
  readonly validate: (leaf: Leaf) => string | null;
  /** The bytes, one character each (`latin1`), of a value that holds nothing that was complained of. */
  readonly write: (value: unknown) => string;
}

/** Larger integers no Python reads from text, lest the reading take too long. */
const MOST_DIGITS = 4_300;

/** Of formats that write numbers as text. */
export function validateDigits(leaf: bigint): string | null {
  const digits = String(leaf).replace('-', '').length;
  return digits > MOST_DIGITS ? `has ${digits} digits; Python reads ${MOST_DIGITS} at most` : null;
}
