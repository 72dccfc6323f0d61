import { didYouMean } from '../../util/did-you-mean.ts';
import { json } from './json.ts';
import { msgpack } from './msgpack.ts';
import type { Serializer, SerializerName } from './serializer.ts';
import { yaml } from './yaml.ts';

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

const NO_PICKLE =
  'only Python can write pickle; workers also accept json if their accept_content contains both';
const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['pickle', NO_PICKLE],
  ['application/x-python-serialize', NO_PICKLE],
  ['raw', 'raw encodes a text or bytes, not arguments'],
  ['auth', 'beat has no key to sign messages with'],
]);

/** Returns the name of a serializer, or `undefined` if it is not supported. */
export function parseSerializer(spelling: string): SerializerName | undefined {
  return Object.hasOwn(SPELLINGS, spelling) ? SPELLINGS[spelling as SerializerSpelling] : undefined;
}

/** Lists the allowed names for an error, with the reason why the given one is not allowed. */
export function explainSerializers(found: unknown): string {
  const guess = typeof found === 'string' ? didYouMean(found, Object.keys(SERIALIZERS)) : '';
  const reason = REASONS.get(found) ?? guess.slice(2);
  return `'json', 'yaml' or 'msgpack'${reason && ` (${reason})`}`;
}
