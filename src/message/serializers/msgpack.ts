import type * as Msgpack from '@msgpack/msgpack';
import { onDemand } from '../../util/on-demand.ts';
import { getBytes, toTyped, type TypedValue } from '../typed/typed.ts';
import type { Serializer } from './serializer.ts';

const library = onDemand((require) => require('@msgpack/msgpack') as typeof Msgpack);

/** As kombu has it: bytes as bytes, and of Python's other types none. */
export const msgpack: Serializer = {
  name: 'msgpack',
  contentType: 'application/x-msgpack',
  contentEncoding: 'binary',
  format: 'msgpack',
  extras: ['a Uint8Array'],
  validate(leaf) {
    if (typeof leaf === 'bigint') return validateRange(leaf);
    return typeof leaf === 'object' && leaf !== null ? validateTyped(leaf) : null;
  },
  write(value) {
    const bytes = library().encode(prepared(value), { useBigInt64: true, maxDepth: Infinity });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  },
};

function validateRange(leaf: bigint): string | null {
  const fits = leaf >= -(2n ** 63n) && leaf < 2n ** 64n;
  return fits
    ? null
    : `${leaf} is beyond 64 bits, which are all that msgpack has; write it as text`;
}

function validateTyped(leaf: TypedValue): string | null {
  const { __type__: type } = leaf;
  if (getBytes(leaf)) return null;
  return `msgpack cannot encode a ${type}; write it as text, or use the serializer json`;
}

/** The shortest form of every integer, as Python has it: the library's BigInt takes 64 bits, its number 32. */
function prepared(value: unknown): unknown {
  if (typeof value === 'bigint') return fitsNumber(value) ? Number(value) : value;
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !fitsNumber(value) ? BigInt(value) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(prepared);
  const typed = toTyped(value);
  if (typed) return getBytes(typed);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, prepared(item)]));
}

function fitsNumber(value: number | bigint): boolean {
  return value >= -(2 ** 31) && value < 2 ** 32;
}
