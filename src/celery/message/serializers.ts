import type * as Msgpack from '@msgpack/msgpack';
import type * as Yaml from 'yaml';
import { pythonJson, pythonFloat } from './python.ts';
import { type TypedValue, getBytes, toTyped } from './typed.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { onDemand } from '../../util/on-demand.ts';

/** The serializers by kombu's names. */
export type SerializerName = 'json' | 'yaml' | 'msgpack';

/** A value inside the arrays and maps of arguments, or a key. */
type Leaf = null | boolean | number | bigint | string | TypedValue;

export interface Serializer {
  readonly name: SerializerName;
  /** kombu's content type, from which a worker selects the deserializer. */
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  readonly format: string;
  /** The values of Python beyond plain JSON that it supports, with their constructors in JavaScript. */
  readonly extras: readonly string[];
  /** Why a value cannot be encoded, or would change; `null` if it can. */
  readonly validate: (leaf: Leaf) => string | null;
  /** Encodes a valid value to bytes, one character each (`latin1`). */
  readonly write: (value: unknown) => string;
}

/** The most digits of an integer that Python parses. */
const MAX_DIGITS = 4_300;

/** Checks the size of an integer, for formats that write numbers as text. */
function validateDigits(leaf: bigint): string | null {
  const digits = String(leaf).replace('-', '').length;
  return digits > MAX_DIGITS ? `has ${digits} digits; Python reads at most ${MAX_DIGITS}` : null;
}

/** The default, and the one that every worker accepts. */
const json: Serializer = {
  name: 'json',
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  format: 'JSON',
  extras: ['a Date', 'a Uint8Array', 'what decimal(), uuid(), date(), time() and datetime() make'],
  validate: (leaf) => (typeof leaf === 'bigint' ? validateDigits(leaf) : null),
  // All ASCII.
  write: pythonJson,
};

const msgpackLibrary = onDemand((require) => require('@msgpack/msgpack') as typeof Msgpack);

/** MessagePack as kombu writes it: with bytes, and without Python's other types. */
const msgpack: Serializer = {
  name: 'msgpack',
  contentType: 'application/x-msgpack',
  contentEncoding: 'binary',
  format: 'msgpack',
  extras: ['a Uint8Array'],
  validate(leaf) {
    if (typeof leaf === 'bigint') {
      const fits = leaf >= -(2n ** 63n) && leaf < 2n ** 64n;
      return fits ? null : `${leaf} is beyond 64 bits, which are all that msgpack has; write it as text`;
    }
    if (typeof leaf !== 'object' || leaf === null || getBytes(leaf)) return null;
    return `msgpack cannot encode a ${leaf.__type__}; write it as text, or use the serializer json`;
  },
  write(value) {
    const bytes = msgpackLibrary().encode(prepared(value), { useBigInt64: true, maxDepth: Infinity });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  },
};

/** Gives integers their shortest form, as Python does: the library writes 64 bits for a BigInt, else at most 32. */
function prepared(value: unknown): unknown {
  if (typeof value === 'bigint') return fitsNumber(value) ? Number(value) : value;
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !fitsNumber(value) ? BigInt(value) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(prepared);
  const typed = toTyped(value);
  if (typed) return getBytes(typed);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, prepared(item)]));
}

function fitsNumber(value: number | bigint): boolean {
  return value >= -(2 ** 31) && value < 2 ** 32;
}

const yamlLibrary = onDemand((require) => require('yaml') as typeof Yaml);

/** YAML as PyYAML's `safe_dump` writes it, with dates and bytes; unlike PyYAML, it does not fold long lines. */
const yaml: Serializer = {
  name: 'yaml',
  contentType: 'application/x-yaml',
  contentEncoding: 'utf-8',
  format: 'YAML',
  extras: ['a Date', 'a Uint8Array', 'what date() and datetime() make'],
  validate(leaf) {
    if (typeof leaf === 'bigint') return validateDigits(leaf);
    if (typeof leaf !== 'object' || leaf === null || YAML_TYPES.includes(leaf.__type__)) return null;
    return `PyYAML knows no ${leaf.__type__}; write it as text, or use the serializer json`;
  },
  // Only ASCII: other characters are escaped.
  write: (value) => yamlLibrary().stringify(value, LAYOUT),
};

/** The library lays out arrays and maps. Scalars are spelled as PyYAML writes them, because it reads YAML 1.1. */
const leafTag: Yaml.ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => typeof value !== 'object' || value === null || toTyped(value) !== null,
  resolve: (text) => text,
  stringify: ({ value }) => formatLeaf(value),
};

const LAYOUT = {
  schema: 'failsafe',
  customTags: (tags: Yaml.Tags): Yaml.Tags => [
    leafTag,
    ...tags.filter((tag) => typeof tag === 'object' && 'collection' in tag),
  ],
  indentSeq: false,
  lineWidth: 0,
  sortMapEntries: true,
  aliasDuplicateObjects: false,
} as const;

const YAML_TYPES = ['date', 'datetime', 'bytes', 'base64'];

function formatLeaf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return formatText(value);
    case 'number':
      return formatNumber(value);
    case 'object':
      return value === null ? 'null' : formatTyped(toTyped(value)!);
    default:
      return String(value);
  }
}

/** PyYAML reads `1e+21` as text, and `1.0e+21` as a number. */
function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = pythonFloat(value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}

function formatTyped(typed: TypedValue): string {
  const bytes = getBytes(typed);
  if (bytes) return `!!binary "${bytes.toString('base64')}"`;
  return String(typed.__value__).replace('T', ' ');
}

/** Text that PyYAML writes without quotes and that every YAML parser reads as text. */
const BARE = /^[a-z_/(][\w ./()=+*'",;!?&$@%~^|<>[\]{}-]*(?<! )$/i;
/** Without quotes, these would be read as a boolean or as null. */
const WORDS = /^(?:true|false|yes|no|on|off|y|n|null)$/i;
const PRINTABLE = /^[ -~]*$/;

function formatText(text: string): string {
  if (BARE.test(text) && !WORDS.test(text)) return text;
  if (PRINTABLE.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replace(BEYOND_ASCII, escape);
}

/** Escapes complete characters, because YAML has no surrogate pairs. Parsers reject some of them, and read others as line breaks. */
const BEYOND_ASCII = /[\u007f-\u{10ffff}]/gu;

function escape(character: string): string {
  const hex = character.codePointAt(0)!.toString(16).toUpperCase();
  if (hex.length <= 2) return `\\x${hex}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

export const SERIALIZERS: Readonly<Record<SerializerName, Serializer>> = { json, yaml, msgpack };

/** kombu's names and content types; `accept_content` may contain both. */
const SPELLINGS = {
  json: 'json',
  yaml: 'yaml',
  msgpack: 'msgpack',
  'application/json': 'json',
  'application/x-yaml': 'yaml',
  'application/x-msgpack': 'msgpack',
} as const satisfies Readonly<Record<string, SerializerName>>;

export type SerializerSpelling = keyof typeof SPELLINGS;

export const SERIALIZER_SPELLINGS = Object.keys(SPELLINGS) as SerializerSpelling[];

const NO_PICKLE = 'only Python can write pickle; workers also accept json if their accept_content contains both';
const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['pickle', NO_PICKLE],
  ['application/x-python-serialize', NO_PICKLE],
  ['raw', 'raw encodes a text or bytes, not arguments'],
  ['auth', 'beat has no key to sign messages with'],
]);

export function parseSerializer(spelling: string): SerializerName | undefined {
  return Object.hasOwn(SPELLINGS, spelling) ? SPELLINGS[spelling as SerializerSpelling] : undefined;
}

export function explainSerializers(found: unknown): string {
  const guess = typeof found === 'string' ? didYouMean(found, Object.keys(SERIALIZERS)) : '';
  const reason = REASONS.get(found) ?? guess.slice(2);
  return `'json', 'yaml' or 'msgpack'${reason && ` (${reason})`}`;
}
