import { z } from 'zod';
import { COMPRESSION_SPELLINGS, explainCompressions, parseCompression } from '../../celery/message/compression.ts';
import { DEFAULT_ENCODING, type Encoding } from '../../celery/message/payload.ts';
import {
  SERIALIZER_SPELLINGS,
  explainSerializers,
  parseSerializer,
  SERIALIZERS,
  type SerializerName,
} from '../../celery/message/serializers.ts';
import { named, option, type ShapeOutput } from '../values/option.ts';
import { withoutAbsent } from '../../util/keys.ts';
import { expected, type Path, type Report } from '../validate.ts';
import type { MessageOptions } from '../../celery/message/message.ts';

export const serializer = () =>
  named(z.enum(SERIALIZER_SPELLINGS, { error: ({ input }) => explainSerializers(input) }), 'SerializerSpelling', {
    from: 'celery/message/serializers.ts',
  });

export const compression = () =>
  named(z.enum(COMPRESSION_SPELLINGS, { error: ({ input }) => explainCompressions(input) }), 'CompressionSpelling', {
    from: 'celery/message/compression.ts',
  });

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

export function readEncoding({ taskSerializer, taskCompression }: ShapeOutput<typeof encodingShape>): Encoding {
  const serializer = taskSerializer && parseSerializer(taskSerializer);
  const compression = taskCompression && parseCompression(taskCompression);
  return { ...DEFAULT_ENCODING, ...withoutAbsent({ serializer, compression }) };
}

const CONTENT = "names of serializers or content types, such as 'json' or 'application/json'";

export const acceptContentShape = {
  acceptContent: option(
    z.array(z.string(CONTENT).min(1, CONTENT), `a list of ${CONTENT}`),
    'What the workers accept, by names or content types; a serializer that is not in it is an error.',
    { otherwise: 'not checked', example: ['json'] },
  ),
};

export type CheckAccepted = (serializer: SerializerName | undefined, path: Path, report: Report) => void;

/** Checks serializers by `accept_content`, if it is known: workers discard messages of other content types. */
export function acceptedContent({ acceptContent }: ShapeOutput<typeof acceptContentShape>): CheckAccepted {
  if (acceptContent === undefined) return () => {};
  const types = new Set(acceptContent.map(contentType));
  const names = Object.values(SERIALIZERS).filter(({ contentType }) => types.has(contentType));
  const allowed =
    names.length > 0
      ? `${names.map(({ name }) => `'${name}'`).join(' or ')}, or acceptContent with it`
      : "acceptContent with 'json', 'yaml' or 'msgpack' in it: beat writes no other";
  return (serializer, path, report) => {
    if (serializer === undefined || types.has(SERIALIZERS[serializer].contentType)) return;
    report(path, `workers would reject it by acceptContent; ${expected(allowed, serializer)}`);
  };
}

/** Unknown names are content types of the workers' own serializers. */
function contentType(accepted: string): string {
  return Object.hasOwn(SERIALIZERS, accepted) ? SERIALIZERS[accepted as SerializerName].contentType : accepted;
}

const BEYOND_PROTOCOL_1 = [
  ...(['shadow', 'ignoreResult', 'stamps', 'rootId', 'parentId'] as const),
  ...(['replacedTaskNesting', 'argsrepr', 'kwargsrepr', 'origin'] as const),
];

/** Warns of options that messages for workers of Celery 3 cannot hold; Celery drops them silently. */
export function warnOfProtocol1(options: MessageOptions, warn: Report): void {
  for (const key of BEYOND_PROTOCOL_1) {
    if (options[key] !== undefined) warn(['options', key], 'ignored: messages of protocol 1 have no field for it');
  }
}
