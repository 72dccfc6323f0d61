import { didYouMean } from '../../nearest.ts';
import { json } from './json.ts';
import { msgpack } from './msgpack.ts';
import type { Serializer, SerializerName } from './serializer.ts';
import { yaml } from './yaml.ts';

/** By name. */
export const SERIALIZERS: Readonly<Record<SerializerName, Serializer>> = { json, yaml, msgpack };

/** Every spelling, kombu's content types among them, as its `accept_content` takes them. */
const SPELLINGS = new Map<string, SerializerName>(
  Object.values(SERIALIZERS).flatMap(({ name, contentType }) => [
    [name, name],
    [contentType, name],
  ]),
);

const REASONS: Readonly<Record<string, string>> = {
  pickle: 'Only Python can write pickle',
  'application/x-python-serialize': 'Only Python can write pickle',
  raw: 'raw carries bytes or a text, which no task is',
  auth: 'beat has no keys to sign messages with',
};

/** The serializer's name; `undefined` for one that beat has not. */
export function serializerNamed(spelling: string): SerializerName | undefined {
  return SPELLINGS.get(spelling);
}

/** What may stand for a serializer, and why that which stands there may not. */
export function serializerForms(found: unknown): string {
  const names = Object.keys(SERIALIZERS);
  const allowed = "'json', 'yaml' or 'msgpack'";
  if (typeof found !== 'string') return allowed;
  const reason = REASONS[found];
  if (reason)
    return `${allowed} (${reason}; a worker takes json beside it if its accept_content says so)`;
  const guess = didYouMean(found, names);
  return guess ? `${allowed} (${guess.slice(2)})` : allowed;
}
