import { quote } from '../../schedule/text.ts';
import { formatOffset } from './parse-instant.ts';
import { isDate, isUint8Array } from 'node:util/types';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';

/**
 * A value of Python that JSON lacks, in the form that kombu writes in JSON since 5.3. (Tasks of older workers receive
 * the map itself.) YAML and JSON files of a configuration contain the same map.
 */
export interface TypedValue {
  readonly __type__: TypeName;
  readonly __value__: unknown;
}

type TypeName = 'bytes' | 'base64' | 'date' | 'datetime' | 'decimal' | 'time' | 'uuid';

interface TypedKind {
  readonly forms: string;
  /** Converts `__value__` to kombu's form; returns `null` for a value that a worker could not read. */
  read(value: unknown): unknown;
  /** Python's `repr` of a result of `read`; absent for bytes, see `getBytes`. */
  repr?(value: string): string;
}

/** Reads only texts. */
function fromText(read: (text: string) => string | null): TypedKind['read'] {
  return (value) => (typeof value === 'string' ? read(value) : null);
}

const DECIMAL = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,8})?|inf(?:inity)?|s?nan\d*)$/i;
const HEX = /^[0-9a-f]{32}$/;

const KINDS: Readonly<Record<TypeName, TypedKind>> = {
  bytes: {
    forms: 'the text of bytes in UTF-8',
    // A lone surrogate cannot be encoded in UTF-8.
    read: fromText((text) => (text.isWellFormed() ? text : null)),
  },
  base64: {
    forms: "bytes in base64, such as '/wA='",
    read: fromText((text) => (Buffer.from(text, 'base64').toString('base64') === text ? text : null)),
  },
  // The calendar of Python begins in the year 1.
  date: {
    forms: "a date such as '2030-01-31'",
    read: fromText((text) => parseDay(text) && text),
    repr: (text) => `datetime.date(${parseDay(text)!.join(', ')})`,
  },
  datetime: {
    forms: "a date and time such as '2030-01-31T12:30:00.000001+00:00', naive without the offset",
    read: fromText((text) => {
      const [day, time] = parseDatetime(text);
      return day && time && `${text.slice(0, 10)}T${timeText(time)}`;
    }),
    repr: (text) => {
      const [day, time] = parseDatetime(text);
      return `datetime.datetime(${[...day!, ...timeReprs(time!)].join(', ')})`;
    },
  },
  decimal: {
    forms: "a decimal number as text, such as '1.50'",
    read: fromText((text) => (DECIMAL.test(text) ? text : null)),
    repr: (text) => `Decimal('${text}')`,
  },
  time: {
    forms: "a time such as '12:30:00' or '12:30:00.000001+02:00'",
    read: fromText((text) => {
      const time = parseTime(text);
      return time && timeText(time);
    }),
    repr: (text) => `datetime.time(${timeReprs(parseTime(text)!).join(', ')})`,
  },
  uuid: { forms: 'a UUID, or {hex: its 32 digits}', read: readUuid, repr: uuidRepr },
};

const TYPES = Object.keys(KINDS) as TypeName[];

export function isTypeName(type: unknown): type is TypeName {
  return TYPES.some((known) => known === type);
}

/**
 * Converts a `Date` (a datetime in UTC), a `Uint8Array` (bytes), or a map of exactly `__type__` and `__value__` to
 * kombu's form. Returns `null` for any other object. Throws a `ConfigError` for a map that a worker could not read.
 */
export function toTyped(value: object): TypedValue | null {
  if (isTypedMap(value)) return parseTyped(value.__type__, value.__value__);
  if (isUint8Array(value)) return bytesValue(value);
  if (!isDate(value)) return null;
  if (Number.isNaN(value.getTime())) throw new ConfigError('an invalid Date is not an instant');
  return parseTyped('datetime', value.toISOString());
}

/** Checks a value of one of kombu's types. Throws a `ConfigError` for a type or a value that it does not know. */
function parseTyped(type: unknown, value: unknown): TypedValue {
  if (!isTypeName(type)) {
    const guess = typeof type === 'string' ? didYouMean(type, TYPES) : '';
    throw new ConfigError(
      `__type__ ${shown(type)} is none of kombu's${guess || ` (${TYPES.join(', ')})`}; a map of ` +
        'only __type__ and __value__ is a value of Python, which workers do not read as a map',
    );
  }
  const read = KINDS[type].read(value);
  if (read === null) throw new ConfigError(`expected ${KINDS[type].forms}, got ${shown(value)}`);
  return { __type__: type, __value__: read };
}

/** Python's `repr` of a typed value; for bytes see `getBytes`. */
export function reprTyped({ __type__, __value__ }: TypedValue): string {
  return KINDS[__type__].repr!(__value__ as string);
}

/** The bytes of a typed value; `null` for other types. */
export function getBytes({ __type__, __value__ }: TypedValue): Buffer | null {
  if (__type__ === 'bytes') return Buffer.from(__value__ as string, 'utf8');
  return __type__ === 'base64' ? Buffer.from(__value__ as string, 'base64') : null;
}

function isTypedMap(value: object): value is { readonly __type__: unknown; readonly __value__: unknown } {
  return '__type__' in value && '__value__' in value && Object.keys(value).length === 2;
}

/** As in kombu, bytes that are valid UTF-8 are encoded as text. */
function bytesValue(bytes: Uint8Array): TypedValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer)
    ? { __type__: 'bytes', __value__: text }
    : { __type__: 'base64', __value__: buffer.toString('base64') };
}

function readUuid(value: unknown): { readonly hex: string } | null {
  const text = typeof value === 'object' && value !== null && 'hex' in value ? value.hex : value;
  const hex = typeof text === 'string' ? text.replaceAll('-', '').toLowerCase() : '';
  return HEX.test(hex) ? { hex } : null;
}

function uuidRepr(value: unknown): string {
  const { hex } = value as { readonly hex: string };
  return `UUID('${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}')`;
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a map';
  return quote(value);
}

// Dates and times as Python's `isoformat()` and `repr()` write them, to the microsecond: JavaScript's own
// and luxon's stop at milliseconds.

/** Hour, minute, second, microsecond, and minutes east of UTC: `null` for a naive time. */
interface PythonTime {
  readonly parts: readonly [number, number, number, number];
  readonly offset: number | null;
}

type Day = readonly [year: number, month: number, day: number];

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?$/i;

/** The time may be left out. */
function parseDatetime(text: string): readonly [Day | null, PythonTime | null] {
  const time = text.length === 10 ? '00:00' : text.slice(11);
  return /^.{10}(?:[T ]|$)/i.test(text) ? [parseDay(text.slice(0, 10)), parseTime(time)] : [null, null];
}

function parseDay(text: string): Day | null {
  const [, year, month, day] = (DAY.exec(text) ?? []).map(Number);
  if (!year) return null;
  // A `Date` carries a day that does not exist over into the next month.
  const date = new Date(`${text.slice(0, 4)}-01-01T00:00:00Z`);
  date.setUTCMonth(month! - 1, day);
  return date.toISOString().startsWith(text) ? [year, month!, day!] : null;
}

/** Seconds, fraction and offset may be left out. */
function parseTime(text: string): PythonTime | null {
  const [, hour, minute, second = '0', fraction = '', zone] = TIME.exec(text) ?? [];
  if (hour === undefined) return null;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const offset = zone === undefined ? null : minutesOf(zone);
  const inRange = h < 24 && m < 60 && s < 60 && !Number.isNaN(offset);
  return inRange ? { parts: [h, m, s, Number(fraction.padEnd(6, '0'))], offset } : null;
}

/** NaN for an offset of a day or more, which Python rejects. */
function minutesOf(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = zone.slice(1).split(':').map(Number);
  if (hours! > 23 || minutes! > 59) return NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours! * 60 + minutes!);
}

function timeText({ parts: [h, m, s, micros], offset }: PythonTime): string {
  const time = [h, m, s].map((value) => String(value).padStart(2, '0')).join(':');
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`;
  return `${time}${fraction}${offset === null ? '' : formatOffset(offset)}`;
}

/** Seconds and microseconds are left out at the end when they are zero. */
function timeReprs({ parts: [h, m, s, micros], offset }: PythonTime): (number | string)[] {
  const fine = micros !== 0 ? [s, micros] : s !== 0 ? [s] : [];
  return [h, m, ...fine, ...(offset === null ? [] : [`tzinfo=${zoneRepr(offset)}`])];
}

function zoneRepr(offset: number): string {
  if (offset === 0) return 'datetime.timezone.utc';
  const seconds = offset * 60;
  const delta = seconds > 0 ? `seconds=${seconds}` : `days=-1, seconds=${86_400 + seconds}`;
  return `datetime.timezone(datetime.timedelta(${delta}))`;
}

// Builders of Python's values that JavaScript lacks, for the arguments of tasks. A `Date` (a datetime in UTC) and a
// `Uint8Array` (bytes) need no builder. Each builder throws a `ConfigError` for a text of another form.

const builder = (type: TypeName) => (text: string) => parseTyped(type, text);

/** Python's `Decimal`, every digit as written: `decimal('1.50')`. */
export const decimal = builder('decimal');

/** Python's `UUID`: `uuid('c7bbb4a2-1e18-43b0-8eb9-d09113fc7155')`, with hyphens or without. */
export const uuid = builder('uuid');

/** Python's `date`: `date('2030-01-31')`. */
export const date = builder('date');

/** Python's `time`: `time('12:30:00')`, naive, or aware with an offset: `time('12:30:00.000001+02:00')`. */
export const time = builder('time');

/**
 * Python's `datetime` to the microsecond: `datetime('2030-01-31T12:30:00.000001+02:00')`. Without an offset
 * it is naive, which a `Date` cannot be; `Z` is UTC.
 */
export const datetime = builder('datetime');
