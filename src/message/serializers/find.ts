import { didYouMean } from '../../util/did-you-mean.ts';
import { json } from './json.ts';
import { msgpack } from './msgpack.ts';
import type { Serializer, SerializerName } from './serializer.ts';
import { yaml } from './yaml.ts';

export const SERIALIZERS: Readonly<Record<SerializerName, Serializer>> = { json, yaml, msgpack };

/** kombu's names, and its content types, which its `accept_content` takes as well. */
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
  'Only Python can write pickle; workers take json beside it when their accept_content names both';
const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['pickle', NO_PICKLE],
  ['application/x-python-serialize', NO_PICKLE],
  ['raw', 'raw carries a text or bytes, and no arguments'],
  ['auth', 'beat has no key to sign messages with'],
]);

/** The serializer's name; `undefined` for one that beat has not. */
export function parseSerializer(spelling: string): SerializerName | undefined {
  return Object.hasOwn(SPELLINGS, spelling) ? SPELLINGS[spelling as SerializerSpelling] : undefined;
}

/** What may stand for a serializer, and why that which stands there may not. */
export function explainSerializers(found: unknown): string {
  const guess = typeof found === 'string' ? didYouMean(found, Object.keys(SERIALIZERS)) : '';
  const reason = REASONS.get(found) ?? guess.slice(2);
  return `'json', 'yaml' or 'msgpack'${reason && ` (${reason})`}`;
}
