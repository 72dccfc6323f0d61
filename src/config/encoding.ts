import { compressionNamed } from '../message/compression.ts';
import { DEFAULT_ENCODING, type Encoding } from '../message/payload.ts';
import { serializerNamed } from '../message/serializers/find.ts';
import type { TopSettings } from './schema/settings.ts';

/** Spellings that have been checked, as names. */
export function readEncoding({ taskSerializer, taskCompression }: TopSettings): Encoding {
  const { serializer, compression } = DEFAULT_ENCODING;
  return {
    serializer: (taskSerializer && serializerNamed(taskSerializer)) ?? serializer,
    compression: (taskCompression && compressionNamed(taskCompression)) ?? compression,
  };
}
