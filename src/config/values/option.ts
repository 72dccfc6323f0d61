import { z } from 'zod';
import {
  INSTANT_FORMS,
  isInstant,
  isSendable,
  parseInstant,
  SENDABLE_FORMS,
} from '../../celery/message/parse-instant.ts';
import { parseDurationText } from '../../schedule/text.ts';
import { DAY, SECOND } from '../../schedule/instants.ts';
import { PARTS, type TimedeltaParts } from '../../schedule/timedelta.ts';

export interface OptionDoc {
  readonly description: string;
  /** The value that means the same as leaving the option out. */
  readonly default?: unknown;
  /** The default in words, if it is not a fixed value. */
  readonly otherwise?: string;
  readonly example?: unknown;
  /** The unit of a number, such as `bytes`; durations need none. */
  readonly unit?: string;
  /** Accepted so that one file serves workers and beat alike; beat does not use it. */
  readonly ignored?: boolean;
  /** A name in `$defs` of the JSON Schema, for maps and unions that several options share. */
  readonly id?: string;
}

type More = Omit<OptionDoc, 'description'>;

/** The name of a schema in the generated types, and the file that exports a type that is not generated. */
export interface TypeName {
  readonly name: string;
  readonly description?: string;
  /** The file under src/ that exports the type; absent for a generated one. */
  readonly from?: string;
  /** The type if the schema does not determine it, and the imports of this type by their files under src/. */
  readonly type?: string;
  readonly imports?: Readonly<Record<string, string>>;
  /** A generated type that this one extends. */
  readonly extends?: string;
  /** The name of an index signature for keys that the schema ignores. */
  readonly others?: string;
}

export const OPTION_DOCS = z.registry<OptionDoc>();
export const TYPE_NAMES = z.registry<TypeName>();

/** The settings that a shape validates, any of which may be absent. */
export type ShapeOutput<S extends Readonly<Record<string, z.ZodType>>> = { readonly [K in keyof S]?: z.output<S[K]> };

/** An optional key with its documentation. Registering it, unlike `describe`, does not copy the schema. */
export function option<S extends z.ZodType>(schema: S, description: string, more: More = {}): z.ZodOptional<S> {
  return required(schema.optional(), description, more);
}

/** A key that must be present, with its documentation. */
export function required<S extends z.ZodType>(schema: S, description: string, more: More = {}): S {
  OPTION_DOCS.add(schema, { description, ...more });
  return schema;
}

/** A key of kombu or Celery that has no effect. By default any value is accepted. */
export function ignored<S extends z.ZodType = z.ZodUnknown>(
  schema: S = z.unknown() as unknown as S,
  description = 'Accepted, and has no effect on beat.',
): z.ZodOptional<S> {
  return required(schema.optional(), description, { ignored: true });
}

export function named<S extends z.ZodType>(schema: S, name: string, more: Omit<TypeName, 'name'> = {}): S {
  TYPE_NAMES.add(schema, { name, ...more });
  return schema;
}

/** A map of options with a name in the generated types. `allowed` describes the map in errors. */
export function mapOf<S extends z.ZodRawShape>(
  name: string,
  shape: S,
  { allowed = MAP, ...more }: Omit<TypeName, 'name'> & { readonly allowed?: string } = {},
) {
  return named(z.strictObject(shape, allowed), name, more);
}

/** The longest delay: the instant after it must be in the range of Python's datetime, which ends in 9999. */
const MAX_DELAY = 365_250 * DAY;
const WAIT_FORMS = 'at most 365250 days, a thousand years';

export const DURATION_FORMS = 'a number of seconds, or text such as 500ms, 8s, 5m, 2h, 1d or 1h30m';

/** Parses a duration to whole milliseconds: a number of seconds, or text with units. `null` for any other value. */
export function parseDuration(input: unknown): number | null {
  if (typeof input === 'number') {
    return Number.isFinite(input) && input >= 0 ? Math.round(input * SECOND) : null;
  }
  const ms = typeof input === 'string' ? parseDurationText(input) : null;
  return ms === null ? null : Math.round(ms);
}

/** Parses `{timedelta: {minutes: 5}}` to milliseconds; `null` for any other value. */
export function parseTimedelta(input: unknown): number | null {
  if (typeof input !== 'object' || input === null || !('timedelta' in input)) return null;
  const { timedelta: parts, ...others } = input;
  if (typeof parts !== 'object' || parts === null || Object.keys(others).length > 0) return null;
  let sum = 0;
  for (const [part, count] of Object.entries(parts) as [string, unknown][]) {
    const size = Object.hasOwn(PARTS, part) ? PARTS[part as keyof TimedeltaParts] : undefined;
    if (size === undefined || typeof count !== 'number') return null;
    sum += count * size;
  }
  return Number.isFinite(sum) && sum >= 0 ? Math.round(sum) : null;
}

// Every text given to zod here says what is allowed; `validate.ts` puts "expected …, got …" around it.

export const MAP = 'a map';
const NAME = 'text that is not empty';

export const text = () => z.string('text');
export const name = () => z.string(NAME).min(1, NAME);
export const flag = () => z.boolean('true or false');
export const whole = (min: number, max: number, text = `a whole number from ${min} to ${max}`) =>
  z.int(text).min(min, text).max(max, text);
/** One of some texts, which errors list as `'a', 'b' or 'c'`. */
export const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, `'${values.join("', '")}'`.replace(/, ([^,]*)$/, ' or $1'));
export const count = () => whole(0, 2 ** 31 - 1, 'a whole number, not negative');

const DURATION = {
  description: 'A number of seconds, as in Celery, or text with units: `500ms`, `8s`, `5m`, `2h`, `1d`, `1h30m`.',
};
const INSTANT = {
  description:
    "ISO 8601 text or a `Date`. Text without an offset is read in the entry's time zone, " +
    "or else in the configuration's.",
};

export const duration = () => {
  const schema = z.union([z.number(), z.string()], DURATION_FORMS);
  const valid = schema.refine((value) => parseDuration(value) !== null, DURATION_FORMS);
  return named(valid, 'Duration', DURATION);
};

export const instant = () => {
  const schema = z.union([z.string(), z.date()], INSTANT_FORMS);
  return named(schema.refine(isInstant, INSTANT_FORMS), 'Instant', INSTANT);
};

/** A duration within limits, which `allowed` names. Another check reports a value that is not a duration. */
export const limitedDuration = (fits: (ms: number) => boolean, allowed: string) => {
  const fitsOrInvalid = (value: unknown) => {
    const ms = parseDuration(value);
    return ms === null || fits(ms);
  };
  return named(duration().refine(fitsOrInvalid, { error: allowed }), 'Duration', DURATION);
};

/** A delay after sending, which workers receive as an instant. */
export const wait = () => limitedDuration((ms) => ms <= MAX_DELAY, WAIT_FORMS);

/** An instant that workers receive. */
export const sendable = () => {
  const schema = instant().refine((value) => fitsSending(parseInstant(value, 'UTC')), { error: SENDABLE_FORMS });
  return named(schema, 'Instant', INSTANT);
};

/** Other checks report values that are not durations or instants. */
const fitsWait = (ms: number | null) => ms === null || ms <= MAX_DELAY;
const fitsSending = (at: number | null) => at === null || isSendable(at);

const EXPIRES = `'next', ${DURATION_FORMS}, {timedelta: {hours: 12}}, or ${INSTANT_FORMS}`;

export const expires = () => {
  const timedelta = z.strictObject({ timedelta: z.record(z.string(), z.number()) });
  const schema = z.union([z.number(), z.string(), z.date(), timedelta], EXPIRES);
  const known = (value: unknown) =>
    value === 'next' || parseDuration(value) !== null || parseTimedelta(value) !== null || isInstant(value);
  const valid = schema
    .refine(known, EXPIRES)
    .refine((value) => fitsWait(parseDuration(value) ?? parseTimedelta(value)), WAIT_FORMS)
    .refine((value) => fitsSending(parseInstant(value, 'UTC')), SENDABLE_FORMS);
  return named(valid, 'Expiry', {
    description: 'A duration after sending, an instant, or `next`: the instant of the next occurrence.',
  });
};

/** Values that go to the task unchanged: their keys are not normalized. */
export const list = () => z.array(z.unknown(), 'a list');
export const map = () => z.record(z.string(), z.unknown(), MAP);

/** The example of a flag is the value that is not its default. */
option.flag = (description: string, more: More = {}) =>
  option(flag(), description, { example: more.default !== true, ...more });
option.nonEmpty = optionOf(name);
option.text = optionOf(text);
option.count = optionOf(count);
option.duration = optionOf(duration);
option.instant = optionOf(instant);
option.map = optionOf(map);

function optionOf<S extends z.ZodType>(type: () => S) {
  return (description: string, more?: More) => option(type(), description, more);
}
