import type { MessageOptions } from '../message/message.ts';
import { parseDuration } from './duration.ts';
import { parseInstant } from './instant.ts';
import type { OptionsInput } from './schema.ts';

const NONE: MessageOptions = Object.freeze({});

/** Options that have been checked, with durations in milliseconds and instants as epoch milliseconds. */
export function readOptions(
  input: OptionsInput | undefined,
  expires: OptionsInput['expires'],
  zone: string,
): MessageOptions {
  if (input === undefined && expires === undefined) return NONE;
  const { countdown, eta, timeLimit, softTimeLimit, deliveryMode, serializer, ...same } =
    input ?? {};
  const worthless = expires ?? input?.expires;
  return {
    ...same,
    ...(countdown !== undefined && { countdown: parseDuration(countdown)! }),
    ...(eta !== undefined && { eta: parseInstant(eta, zone)! }),
    ...(worthless !== undefined && { expires: readExpires(worthless, zone) }),
    ...(timeLimit !== undefined && { timeLimit: parseDuration(timeLimit)! / 1000 }),
    ...(softTimeLimit !== undefined && { softTimeLimit: parseDuration(softTimeLimit)! / 1000 }),
    ...(deliveryMode !== undefined && { deliveryMode: DELIVERY_MODES[deliveryMode] }),
  } as MessageOptions;
}

const DELIVERY_MODES = { 1: 1, 2: 2, transient: 1, persistent: 2 } as const;

function readExpires(input: NonNullable<OptionsInput['expires']>, zone: string) {
  if (input === 'next') return input;
  const after = parseDuration(input);
  return after === null ? { at: parseInstant(input, zone)! } : { after };
}
