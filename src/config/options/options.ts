import { parseCompression } from '../../message/compression.ts';
import type { ExtraProperties, MessageOptions } from '../../message/message.ts';
import { parseSerializer } from '../../message/serializers/find.ts';
import { parseDuration, parseTimedelta } from '../values/duration.ts';
import { parseInstant } from '../../message/parse-instant.ts';
import type { Report } from '../validate.ts';
import type { OptionsInput } from './schema.ts';

const NONE: MessageOptions = Object.freeze({});

/**
 * Options that have been checked, with durations in milliseconds and instants as epoch milliseconds.
 * What is read and left out is remarked upon.
 */
export function readOptions(
  input: OptionsInput | undefined,
  expires: OptionsInput['expires'],
  zone: string,
  warn: Report,
): MessageOptions {
  if (input === undefined && expires === undefined) return NONE;
  const { countdown, eta, timeLimit, softTimeLimit, serializer, compression, ...rest } =
    input ?? {};
  const { messageId, timestamp, type, userId, appId, deliveryMode, ...more } = rest;
  const { MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds, ...others } =
    more;
  const { delaySeconds, addToParent, mandatory, timeout, confirmTimeout, ...plain } = others;
  const useless = { addToParent, mandatory, timeout, confirmTimeout };
  for (const [option, value] of Object.entries(useless)) {
    if (value !== undefined) warn(['options', option], WITHOUT_USE[option]!);
  }
  if (plain.retry === false) warn(['options', 'retry'], ALWAYS_AGAIN);
  return {
    ...plain,
    countdown: parseDuration(countdown) ?? undefined,
    eta: parseInstant(eta, zone) ?? undefined,
    expires: readExpires(input?.expires, expires, zone, warn),
    timeLimit: secondsOf(timeLimit),
    softTimeLimit: secondsOf(softTimeLimit),
    deliveryMode: deliveryMode === undefined ? undefined : DELIVERY_MODES[deliveryMode],
    serializer: serializer && parseSerializer(serializer),
    compression: compression && parseCompression(compression),
    properties: propertiesOf({
      ...{ message_id: messageId, timestamp, type, user_id: userId, app_id: appId },
      ...{ MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds },
      delay_seconds: delaySeconds,
    }),
  };
}

const WITHOUT_USE: Readonly<Record<string, string>> = {
  addToParent: 'ignored: scheduled tasks have no parent',
  mandatory: 'ignored: RabbitMQ always returns unroutable messages to beat',
  timeout: 'ignored: brokerConnectionTimeout says how long beat waits for the broker',
  confirmTimeout: 'ignored: beat waits for the confirm of RabbitMQ without a limit',
};

const ALWAYS_AGAIN =
  'goes to tasks that workers send on; beat itself tries again until the message is in its queue, ' +
  'or worthless';

/** Limits go to the worker in seconds, fractions and all. */
function secondsOf(duration: OptionsInput['timeLimit']): number | undefined {
  const ms = parseDuration(duration);
  return ms === null ? undefined : ms / 1_000;
}

export const DELIVERY_MODES = { 1: 1, 2: 2, transient: 1, persistent: 2 } as const;

const NO_TIME = 'of no length, which beat reads as "never"; Celery would have the task thrown away';

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
  warn(beside === undefined ? ['options', 'expires'] : ['expires'], NO_TIME);
  return undefined;
}

/** `undefined` for none, which most messages have. */
function propertiesOf(given: ExtraProperties): ExtraProperties | undefined {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}
