import type * as Yaml from 'yaml';
import { onDemand } from '../../util/on-demand.ts';
import { pythonFloat } from '../python/python-number.ts';
import { getBytes, toTyped, type TypedValue } from '../typed/typed.ts';
import { validateDigits, type Serializer } from './serializer.ts';

const library = onDemand((require) => require('yaml') as typeof Yaml);

/**
 * YAML as PyYAML's `safe_dump` lays it out, and such as its `safe_load` reads back: dates and bytes as
 * what they are, of Python's other types none. Unlike PyYAML's, long lines are not folded.
 */
export const yaml: Serializer = {
  name: 'yaml',
  contentType: 'application/x-yaml',
  contentEncoding: 'utf-8',
  format: 'YAML',
  extras: ['a Date', 'a Uint8Array', 'what date() and datetime() make'],
  validate(leaf) {
    if (typeof leaf === 'bigint') return validateDigits(leaf);
    return typeof leaf === 'object' && leaf !== null ? validateTyped(leaf) : null;
  },
  // Only ASCII: other characters are escaped.
  write: (value) => library().stringify(value, LAYOUT),
};

/** The library lays out arrays and maps; how a value is spelled PyYAML decides, and reads by YAML 1.1. */
const leafTag: Yaml.ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => typeof value !== 'object' || value === null || toTyped(value) !== null,
  resolve: (text) => text,
  stringify: ({ value }) => formatLeaf(value),
};

const LAYOUT = {
  schema: 'failsafe',
  customTags: (tags: Yaml.Tags): Yaml.Tags => [leafTag, ...tags.filter(isCollection)],
  indentSeq: false,
  lineWidth: 0,
  sortMapEntries: true,
  aliasDuplicateObjects: false,
} as const;

function isCollection(tag: Yaml.Tags[number]): boolean {
  return typeof tag === 'object' && 'collection' in tag;
}

function validateTyped({ __type__: type }: TypedValue): string | null {
  if (type === 'date' || type === 'datetime' || type === 'bytes' || type === 'base64') return null;
  return `PyYAML knows no ${type}; write it as text, or use the serializer json`;
}

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

/** PyYAML takes `1e+21` for text, and `1.0e+21` for a number. */
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
/** Bare, these would be read as a boolean or as nothing. */
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
