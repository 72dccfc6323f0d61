import { parseCompression } from '../../message/compression.ts';
import type { MessageOptions } from '../../message/message.ts';
import { DEFAULT_ENCODING, type Encoding } from '../../message/payload.ts';
import { parseSerializer } from '../../message/serializers/find.ts';
import type { Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';

/** Spellings that have been checked, as names. */
export function readEncoding({ taskSerializer, taskCompression }: TopSettings): Encoding {
  const { serializer, compression } = DEFAULT_ENCODING;
  return {
    serializer: (taskSerializer && parseSerializer(taskSerializer)) ?? serializer,
    compression: (taskCompression && parseCompression(taskCompression)) ?? compression,
  };
}

const BEYOND_PROTOCOL_1 = [
  ...(['shadow', 'ignoreResult', 'stamps', 'rootId', 'parentId'] as const),
  ...(['replacedTaskNesting', 'argsrepr', 'kwargsrepr', 'origin'] as const),
];

/** What Celery leaves out of messages for workers of Celery 3, without a word. */
export function warnOfProtocol1(options: MessageOptions, warn: Report): void {
  for (const key of BEYOND_PROTOCOL_1) {
    if (options[key] !== undefined) warn(['options', key], LEFT_OUT);
  }
}

const LEFT_OUT = 'is left out: messages of protocol 1 have no place for it';
