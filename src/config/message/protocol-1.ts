import type { MessageOptions } from '../../celery/message/message.ts';
import type { Report } from '../validate.ts';

const BEYOND_PROTOCOL_1 = [
  ...(['shadow', 'ignoreResult', 'stamps', 'rootId', 'parentId'] as const),
  ...(['replacedTaskNesting', 'argsrepr', 'kwargsrepr', 'origin'] as const),
];

/** Warns of options that messages for workers of Celery 3 cannot hold; Celery drops them silently. */
export function warnOfProtocol1(options: MessageOptions, warn: Report): void {
  for (const key of BEYOND_PROTOCOL_1) {
    if (options[key] !== undefined) {
      warn(['options', key], 'ignored: messages of protocol 1 have no field for it');
    }
  }
}
