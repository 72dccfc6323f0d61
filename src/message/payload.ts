import { compressBody, type CompressionName } from './compression.ts';
import { SERIALIZERS } from './serializers/find.ts';
import type { SerializerName } from './serializers/serializer.ts';
import type { Arguments } from './message.ts';
import { saferepr, safereprTuple } from './saferepr.ts';

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

/** What a task is called with, and what the worker is to do after it: the body of a message. */
export type Content = readonly [
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  embed: Embed,
];

/** Signatures, as Celery's canvas writes them; each `null` when there is none. */
export interface Embed {
  readonly callbacks: unknown;
  readonly errbacks: unknown;
  readonly chain: unknown;
  readonly chord: unknown;
}

const NO_EMBED: Embed = { callbacks: null, errbacks: null, chain: null, chord: null };

/** What is the same in all messages with these arguments. */
export interface Payload {
  readonly content: Content;
  readonly encoding: Encoding;
  readonly encoded: Encoded;
  readonly argsrepr: string;
  readonly kwargsrepr: string;
}

/**
 * Arguments, with what is to follow. As Celery's beat makes lists of an entry's arguments, but of none the
 * empty tuple, so they are shown; those of its canvas are tuples.
 */
export function preparePayload(
  { args, kwargs }: Arguments,
  encoding: Encoding,
  { embed = NO_EMBED, reprAs = 'list' }: { embed?: Embed; reprAs?: 'list' | 'tuple' } = {},
): Payload {
  const content: Content = [args, kwargs, embed];
  return {
    content,
    encoding,
    encoded: encodeBody(content, encoding),
    argsrepr: reprAs === 'tuple' || args.length === 0 ? safereprTuple(args) : saferepr(args),
    kwargsrepr: saferepr(kwargs),
  };
}

/** Serializes a value, then compresses it, as kombu does. */
export function encodeBody(value: unknown, { serializer, compression }: Encoding): Encoded {
  const { contentType, contentEncoding, write } = SERIALIZERS[serializer];
  const plain = write(value);
  if (compression === null) return { body: plain, contentType, contentEncoding, compression };
  const { body, header } = compressBody(compression, Buffer.from(plain, 'latin1'));
  return { body: body.toString('latin1'), contentType, contentEncoding, compression: header };
}

export const DEFAULT_ENCODING: Encoding = { serializer: 'json', compression: null };
