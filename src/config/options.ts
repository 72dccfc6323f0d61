import { compressionNamed } from '../message/compression.ts';
import type { MessageOptions } from '../message/message.ts';
import { serializerNamed } from '../message/serializers/find.ts';
import { parseDuration } from './duration.ts';
import { parseInstant } from './instant.ts';
import type { OptionsInput } from './schema/options.ts';

const NONE: MessageOptions = Object.freeze({});

/** Options that have been checked, with durations in milliseconds and instants as epoch milliseconds. */
export function readOptions(
  input: OptionsInput | undefined,
  expires: OptionsInput['expires'],
  zone: string,
): MessageOptions {
  if (input === undefined && expires === undefined) return NONE;
  const { queue, priority, headers, shadow, ignoreResult, taskId, ...rest } = input ?? {};
  const { countdown, eta, timeLimit, softTimeLimit, deliveryMode, serializer, compression } = rest;
  const worthless = expires ?? rest.expires;
  return {
    queue,
    priority,
    headers,
    shadow,
    ignoreResult,
    taskId,
    countdown: parseDuration(countdown) ?? undefined,
    eta: parseInstant(eta, zone) ?? undefined,
    expires: worthless === undefined ? undefined : readExpires(worthless, zone),
    timeLimit: secondsOf(timeLimit),
    softTimeLimit: secondsOf(softTimeLimit),
    deliveryMode: deliveryMode === undefined ? undefined : DELIVERY_MODES[deliveryMode],
    serializer: serializer && serializerNamed(serializer),
    compression: compression && compressionNamed(compression),
  };
}

/** Limits go to the worker in seconds, fractions and all. */
function secondsOf(duration: OptionsInput['timeLimit']): number | undefined {
  const ms = parseDuration(duration);
  return ms === null ? undefined : ms / 1_000;
}

const DELIVERY_MODES = { 1: 1, 2: 2, transient: 1, persistent: 2 } as const;

function readExpires(input: NonNullable<OptionsInput['expires']>, zone: string) {
  if (input === 'next') return input;
  const after = parseDuration(input);
  return after === null ? { at: parseInstant(input, zone)! } : { after };
}
