import { z } from 'zod';
import {
  DURATION_FORMS,
  LONGEST_WAIT,
  parseDuration,
  parseTimedelta,
  WAIT_FORMS,
} from './duration.ts';
import {
  INSTANT_FORMS,
  isInstant,
  isSendable,
  parseInstant,
  SENDABLE_FORMS,
} from '../../message/parse-instant.ts';

// Every text given to zod here says what is allowed; `validate.ts` puts "expected …, got …" around it.

export const MAP = 'a map';
const NAME = 'text that is not empty';
export const name = () => z.string(NAME).min(1, NAME);
export const flag = () => z.boolean('true or false');

export const duration = () => {
  const schema = z.union([z.number(), z.string()], DURATION_FORMS);
  return schema.refine((value) => parseDuration(value) !== null, DURATION_FORMS);
};
export const instant = () => {
  const schema = z.union([z.string(), z.date()], INSTANT_FORMS);
  return schema.refine(isInstant, INSTANT_FORMS);
};
/** How long after sending, in what workers are told as an instant. */
export const wait = () =>
  duration().refine((value) => fitsWait(parseDuration(value)), { error: WAIT_FORMS });
/** One that workers are told. */
export const sendable = () =>
  instant().refine((value) => fitsSending(parseInstant(value, 'UTC')), { error: SENDABLE_FORMS });
/** What is no duration, or no instant, is told by itself. */
const fitsWait = (ms: number | null) => ms === null || ms <= LONGEST_WAIT;
const fitsSending = (at: number | null) => at === null || isSendable(at);
const EXPIRES = `'next', ${DURATION_FORMS}, {timedelta: {hours: 12}}, or ${INSTANT_FORMS}`;
export const expires = () => {
  const timedelta = z.strictObject({ timedelta: z.record(z.string(), z.number()) });
  const schema = z.union([z.number(), z.string(), z.date(), timedelta], EXPIRES);
  const known = (value: unknown) =>
    value === 'next' ||
    parseDuration(value) !== null ||
    parseTimedelta(value) !== null ||
    isInstant(value);
  return schema
    .refine(known, EXPIRES)
    .refine((value) => fitsWait(parseDuration(value) ?? parseTimedelta(value)), WAIT_FORMS)
    .refine((value) => fitsSending(parseInstant(value, 'UTC')), SENDABLE_FORMS)
    .describe('When the task is worthless: so long after sending, an instant, or `next`.');
};
export const missed = () => {
  const policies = ['once', 'skip', 'all'] as const;
  return z
    .enum(policies, "'once', 'skip' or 'all'")
    .describe('Occurrences that passed unsent: one run for the newest, none, or each.');
};
export const missedCap = () =>
  whole(1, 100_000, 'a whole number from 1 to 100000').describe(
    'With `missed: all`, the most runs made up for at once: the newest.',
  );
export const startingDeadline = () =>
  duration().nullable().describe('How long after its time an occurrence is still sent.');
export const timezone = () => name().describe('IANA name, such as Europe/Oslo.');
export const whole = (min: number, max: number, text: string) =>
  z.int(text).min(min, text).max(max, text);

/** Values that go to the task as they are: never renamed, never looked into here. */
export const list = () => z.array(z.unknown(), 'a list');
export const map = () => z.record(z.string(), z.unknown(), MAP);
