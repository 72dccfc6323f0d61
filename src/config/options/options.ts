import { parseCompression } from '../../celery/message/compression.ts';
import type { ExtraProperties, MessageOptions } from '../../celery/message/message.ts';
import { parseSerializer } from '../../celery/message/serializers.ts';
import { parseDuration, parseTimedelta } from '../values/option.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import type { Report } from '../validate.ts';
import type { OptionsInput } from './schema.ts';

const NONE: MessageOptions = Object.freeze({});

/** Converts validated options to milliseconds and epoch milliseconds. Warns of options without effect. */
export function readOptions(
  input: OptionsInput | undefined,
  expires: OptionsInput['expires'],
  zone: string,
  warn: Report,
): MessageOptions {
  if (input === undefined && expires === undefined) return NONE;
  const { countdown, eta, timeLimit, softTimeLimit, serializer, compression, ...rest } = input ?? {};
  const { messageId, timestamp, type, userId, appId, deliveryMode, ...more } = rest;
  const { MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds, ...others } = more;
  const { delaySeconds, addToParent, mandatory, timeout, confirmTimeout, ...plain } = others;
  const ignored = { addToParent, mandatory, timeout, confirmTimeout };
  for (const [option, value] of Object.entries(ignored)) {
    if (value !== undefined) warn(['options', option], IGNORED[option]!);
  }
  if (plain.retry === false) warn(['options', 'retry'], ALWAYS_RETRIES);
  const amqp = { message_id: messageId, timestamp, type, user_id: userId, app_id: appId };
  const sqs = { MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds };
  return {
    ...plain,
    countdown: parseDuration(countdown) ?? undefined,
    eta: parseInstant(eta, zone) ?? undefined,
    expires: readExpires(input?.expires, expires, zone, warn),
    timeLimit: toSeconds(timeLimit),
    softTimeLimit: toSeconds(softTimeLimit),
    deliveryMode: deliveryMode === undefined ? undefined : DELIVERY_MODES[deliveryMode],
    serializer: serializer && parseSerializer(serializer),
    compression: compression && parseCompression(compression),
    properties: withoutAbsent({ ...amqp, ...sqs, delay_seconds: delaySeconds }),
  };
}

const IGNORED: Readonly<Record<string, string>> = {
  addToParent: 'ignored: scheduled tasks have no parent',
  mandatory: 'ignored: RabbitMQ always returns unroutable messages to beat',
  timeout: 'ignored: brokerConnectionTimeout is the timeout of beat',
  confirmTimeout: 'ignored: beat waits for the confirm of RabbitMQ without a limit',
};

const ALWAYS_RETRIES =
  'applies to tasks that workers publish; beat itself retries until the message is in its queue or too late';

/** Workers receive limits in seconds, with fractions. */
function toSeconds(duration: OptionsInput['timeLimit']): number | undefined {
  const ms = parseDuration(duration);
  return ms === null ? undefined : ms / 1_000;
}

export const DELIVERY_MODES = { 1: 1, 2: 2, transient: 1, persistent: 2 } as const;

const NO_EXPIRY = 'zero is treated as "no expiry"; with Celery workers would discard the task';

function readExpires(
  inOptions: OptionsInput['expires'],
  beside: OptionsInput['expires'],
  zone: string,
  warn: Report,
): MessageOptions['expires'] {
  const input = beside ?? inOptions;
  if (input === undefined || input === 'next') return input;
  const after = parseDuration(input) ?? parseTimedelta(input);
  if (after === null) return { at: parseInstant(input, zone)! };
  if (after > 0) return { after };
  warn(beside === undefined ? ['options', 'expires'] : ['expires'], NO_EXPIRY);
  return undefined;
}

/** The present properties; `undefined` if there are none. */
function withoutAbsent(given: ExtraProperties): ExtraProperties | undefined {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return present.length === 0 ? undefined : Object.fromEntries(present);
}
