import { z } from 'zod';
import {
  COMPRESSION_SPELLINGS,
  explainCompressions,
  parseCompression,
} from '../../celery/message/compression.ts';
import { DEFAULT_ENCODING, type Encoding } from '../../celery/message/payload.ts';
import {
  SERIALIZER_SPELLINGS,
  explainSerializers,
  parseSerializer,
} from '../../celery/message/serializers.ts';
import { named, option, type ShapeOutput } from '../values/option.ts';

export const serializer = () =>
  named(
    z.enum(SERIALIZER_SPELLINGS, { error: ({ input }) => explainSerializers(input) }),
    'SerializerSpelling',
    { from: 'celery/message/serializers.ts' },
  );

export const compression = () =>
  named(
    z.enum(COMPRESSION_SPELLINGS, { error: ({ input }) => explainCompressions(input) }),
    'CompressionSpelling',
    { from: 'celery/message/compression.ts' },
  );

/** How messages are written. */
export const encodingShape = {
  taskSerializer: option(
    serializer(),
    'Serializer of task messages; for yaml and msgpack workers need them in their accept_content.',
    { default: DEFAULT_ENCODING.serializer, example: 'msgpack' },
  ),
  taskCompression: option(
    compression(),
    'Compression of task messages; for brotli and zstd workers need a Python package.',
    { otherwise: 'none', example: 'zstd' },
  ),
  taskProtocol: option(
    z.literal([1, 2], '1 or 2'),
    "Version of Celery's message protocol; 1 is for workers of Celery 3.",
    { default: 2, example: 1 },
  ),
};

/** Spellings that have been validated, as names. */
export function readEncoding({
  taskSerializer,
  taskCompression,
}: ShapeOutput<typeof encodingShape>): Encoding {
  const { serializer, compression } = DEFAULT_ENCODING;
  return {
    serializer: (taskSerializer && parseSerializer(taskSerializer)) ?? serializer,
    compression: (taskCompression && parseCompression(taskCompression)) ?? compression,
  };
}
