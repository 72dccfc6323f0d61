import { hash } from 'node:crypto';

/** Beat's namespace for name-based UUIDs. Another one would give every run ever sent another id. */
export const NAMESPACE = '3d5cfa2f-2aa8-48bf-a138-8bd128343dcc';

const NAMESPACE_BYTES = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');

/**
 * The task id of an occurrence: the same whoever sends it and however often, so that a repeat can be
 * recognised. `dueAt` is the nominal instant, epoch milliseconds.
 *
 * A UUIDv5 (RFC 9562) of the JSON text `["<entry>",<dueAt>,"<key prefix>"]`: JSON, because a plain
 * concatenation would let two different triples read the same. Written out, as the one-shot hash of
 * Node costs a fifth of what the usual library takes.
 */
export function taskIdOf(entryName: string, dueAt: number, keyPrefix: string): string {
  const name = Buffer.from(JSON.stringify([entryName, dueAt, keyPrefix]));
  const hex = hash('sha1', Buffer.concat([NAMESPACE_BYTES, name]), 'hex');
  const variant = '89ab'[parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
