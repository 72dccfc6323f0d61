import type { TypedValue } from '../typed/typed.ts';

/** The supported serializers, by kombu's names. */
export type SerializerName = 'json' | 'yaml' | 'msgpack';

/** A value inside the arrays and maps of arguments, or a key. */
export type Leaf = null | boolean | number | bigint | string | TypedValue;

/** A format of task arguments. */
export interface Serializer {
  readonly name: SerializerName;
  /** kombu's content type, from which a worker selects the deserializer. */
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  /** The name of the format, for errors. */
  readonly format: string;
  /** The values of Python beyond plain JSON that it supports, with their constructors in JavaScript. */
  readonly extras: readonly string[];
  /** Why a value cannot be encoded, or would change; `null` if it can. */
  readonly validate: (leaf: Leaf) => string | null;
  /** Encodes a valid value to bytes, one character each (`latin1`). */
  readonly write: (value: unknown) => string;
}

/** The most digits of an integer that Python parses. */
const MAX_DIGITS = 4_300;

/** Checks the size of an integer, for formats that write numbers as text. */
export function validateDigits(leaf: bigint): string | null {
  const digits = String(leaf).replace('-', '').length;
  return digits > MAX_DIGITS ? `has ${digits} digits; Python reads at most ${MAX_DIGITS}` : null;
}
