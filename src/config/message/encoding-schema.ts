import { z } from 'zod';
import { COMPRESSION_SPELLINGS, explainCompressions } from '../../message/compression.ts';
import { SERIALIZER_SPELLINGS, explainSerializers } from '../../message/serializers/find.ts';

export const serializer = () =>
  z
    .enum(SERIALIZER_SPELLINGS, { error: ({ input }) => explainSerializers(input) })
    .describe('Default json; for yaml and msgpack workers need them in accept_content.');

export const compression = () =>
  z
    .enum(COMPRESSION_SPELLINGS, { error: ({ input }) => explainCompressions(input) })
    .describe('For brotli and zstd workers need a package of Python.');

const CONTENT = "names of serializers or content types, such as 'json' or 'application/json'";

/** How messages are written. */
export const encodingShape = {
  taskSerializer: serializer().optional(),
  acceptContent: z
    .array(z.string(CONTENT).min(1, CONTENT), `a list of ${CONTENT}`)
    .optional()
    .describe('What the workers accept; a serializer that is not in it is an error.'),
  taskCompression: compression().optional(),
  taskProtocol: z
    .literal([1, 2], '1 or 2')
    .optional()
    .describe('1 for workers of Celery 3. Default 2.'),
};
