import type { CompressionSpelling } from '../../message/compression.ts';
import type { SerializerSpelling } from '../../message/serializers/find.ts';

/** How messages are written, where an entry does not say otherwise. */
export interface EncodingConfig {
  /** Default `json`, which any worker accepts. */
  taskSerializer?: SerializerSpelling | undefined;
  /** What the workers accept, by names or content types: a serializer that is not in it is an error. */
  acceptContent?: readonly string[] | undefined;
  /** Default: none. gzip and zlib are one thing in kombu. */
  taskCompression?: CompressionSpelling | undefined;
  /** Celery's message protocol: 1 for workers of Celery 3. Default 2. */
  taskProtocol?: 1 | 2 | undefined;
}
