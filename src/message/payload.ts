import { compressed, type CompressionName } from './compression.ts';
import { SERIALIZERS } from './serializers/find.ts';
import type { SerializerName } from './serializers/serializer.ts';

/** How messages are written, unless an entry says otherwise. */
export interface Encoding {
  readonly serializer: SerializerName;
  /** `null` for none. */
  readonly compression: CompressionName | null;
}

/**
 * A body as it goes onto the wire. All text: a small Buffer is a slice of a pooled slab, and would keep the
 * whole slab alive with it.
 */
export interface Encoded {
  /** The bytes, one character each: `Buffer.from(body, 'latin1')`. */
  readonly body: string;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** The message's header `compression`; `null` for a body that is not compressed. */
  readonly compression: string | null;
}

/** Serializes a value, then compresses it, as kombu does. */
export function encodeBody(value: unknown, { serializer, compression }: Encoding): Encoded {
  const { contentType, contentEncoding, write } = SERIALIZERS[serializer];
  const plain = write(value);
  if (compression === null) return { body: plain, contentType, contentEncoding, compression };
  const { body, header } = compressed(compression, Buffer.from(plain, 'latin1'));
  return { body: body.toString('latin1'), contentType, contentEncoding, compression: header };
}
