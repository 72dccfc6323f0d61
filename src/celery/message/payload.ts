import { compressBody, type CompressionName } from './compression.ts';
import type { Arguments } from './message.ts';
import { saferepr, safereprTuple } from './python.ts';
import { SERIALIZERS, type SerializerName } from './serializers.ts';

export interface Encoding {
  readonly serializer: SerializerName;
  readonly compression: CompressionName | null;
}

/** An encoded body. A string, because a small Buffer is a slice of a pooled slab and keeps the slab in memory. */
interface Encoded {
  /** Base64. */
  readonly body: string;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** The message's header `compression`; `null` for a body that is not compressed. */
  readonly compression: string | null;
}

/** The body of a message: arguments, and the signatures that run after the task. */
type Content = readonly [args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>, embed: Embed];

/** Signatures serialized as in Celery's canvas; `null` for none. */
export interface Embed {
  readonly callbacks: unknown;
  readonly errbacks: unknown;
  readonly chain: unknown;
  readonly chord: unknown;
}

const NO_EMBED: Embed = { callbacks: null, errbacks: null, chain: null, chord: null };

/** The parts of a message that depend only on the arguments. */
export interface Payload {
  readonly content: Content;
  readonly encoding: Encoding;
  readonly encoded: Encoded;
  readonly argsrepr: string;
  readonly kwargsrepr: string;
}

/**
 * Encodes arguments and embedded signatures. Celery's beat shows the arguments of an entry as a list (and no arguments
 * as an empty tuple), and those of a canvas as tuples.
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
  const bytes = Buffer.from(write(value), 'latin1');
  if (compression === null) return { body: bytes.toString('base64'), contentType, contentEncoding, compression };
  const { body, header } = compressBody(compression, bytes);
  return { body: body.toString('base64'), contentType, contentEncoding, compression: header };
}

export const DEFAULT_ENCODING: Encoding = { serializer: 'json', compression: null };

/** Builds a body of protocol 1, for Celery 3, without the display name, ancestors, stamps and `ignore_result`. */
export function buildProtocol1Body(
  headers: Readonly<Record<string, unknown>>,
  [args, kwargs, { callbacks, errbacks, chord }]: Content,
): Readonly<Record<string, unknown>> {
  const { task, id, group, group_index, retries, eta, expires, timelimit } = headers;
  return {
    task,
    id,
    args,
    kwargs,
    group,
    group_index,
    retries,
    eta,
    expires,
    // All times have an offset.
    utc: true,
    callbacks,
    errbacks,
    timelimit,
    taskset: group,
    chord,
  };
}
