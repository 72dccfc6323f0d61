import { isDate, isUint8Array } from 'node:util/types';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import {
  dateRepr,
  datetimeRepr,
  pythonDate,
  pythonDatetime,
  pythonTime,
  timeRepr,
} from './times.ts';

/**
 * A value of Python that JSON lacks, in the form that kombu writes in JSON since 5.3. (Tasks of older workers receive
 * the map itself.) YAML and JSON files of a configuration contain the same map.
 */
export interface TypedValue {
  readonly __type__: TypeName;
  readonly __value__: unknown;
}

export type TypeName = 'bytes' | 'base64' | 'date' | 'datetime' | 'decimal' | 'time' | 'uuid';

interface Kind {
  /** The forms of `__value__`, for errors. */
  readonly forms: string;
  /** Converts `__value__` to kombu's form; returns `null` for a value that a worker could not read. */
  read(value: unknown): unknown;
  /** Python's `repr` of a result of `read`; bytes are shown differently. */
  repr(value: string): string;
}

/** Reads only texts. */
function fromText(read: (text: string) => string | null): Kind['read'] {
  return (value) => (typeof value === 'string' ? read(value) : null);
}

const DECIMAL = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,8})?|inf(?:inity)?|s?nan\d*)$/i;
const HEX = /^[0-9a-f]{32}$/;

const KINDS: Readonly<Record<TypeName, Kind>> = {
  bytes: {
    forms: 'the text of bytes in UTF-8',
    // A lone surrogate cannot be encoded in UTF-8.
    read: fromText((text) => (text.isWellFormed() ? text : null)),
    repr: String,
  },
  base64: {
    forms: "bytes in base64, such as '/wA='",
    read: fromText((text) =>
      Buffer.from(text, 'base64').toString('base64') === text ? text : null,
    ),
    repr: String,
  },
  date: { forms: "a date such as '2030-01-31'", read: fromText(pythonDate), repr: dateRepr },
  datetime: {
    forms: "a date and time such as '2030-01-31T12:30:00.000001+00:00', naive without the offset",
    read: fromText(pythonDatetime),
    repr: datetimeRepr,
  },
  decimal: {
    forms: "a decimal number as text, such as '1.50'",
    read: fromText((text) => (DECIMAL.test(text) ? text : null)),
    repr: (text) => `Decimal('${text}')`,
  },
  time: {
    forms: "a time such as '12:30:00' or '12:30:00.000001+02:00'",
    read: fromText(pythonTime),
    repr: timeRepr,
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
  if (isDate(value)) return toDatetime(value);
  return isUint8Array(value) ? bytesValue(value) : null;
}

/** Checks a value of one of kombu's types. Throws a `ConfigError` for a type or a value that it does not know. */
export function parseTyped(type: unknown, value: unknown): TypedValue {
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
  return KINDS[__type__].repr(__value__ as string);
}

/** The bytes of a typed value; `null` for other types. */
export function getBytes({ __type__, __value__ }: TypedValue): Buffer | null {
  if (__type__ === 'bytes') return Buffer.from(__value__ as string, 'utf8');
  return __type__ === 'base64' ? Buffer.from(__value__ as string, 'base64') : null;
}

function isTypedMap(
  value: object,
): value is { readonly __type__: unknown; readonly __value__: unknown } {
  return '__type__' in value && '__value__' in value && Object.keys(value).length === 2;
}

function toDatetime(date: Date): TypedValue {
  if (Number.isNaN(date.getTime())) throw new ConfigError('an invalid Date is not an instant');
  return parseTyped('datetime', date.toISOString());
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

const MAX_LENGTH = 60;

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a map';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > MAX_LENGTH ? `${value.slice(0, MAX_LENGTH)}…` : value);
}
