import { hash } from 'node:crypto';

/** Beat's namespace for name-based UUIDs. Another one would give every run another id than before. */
export const NAMESPACE = 'd9a13473-5656-4cce-9f5a-62737a685358';

/** Its bytes were picked to be valid UTF-8: so they can stand before a name as text, which is hashed faster. */
const NAMESPACE_TEXT = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex').toString('utf8');

/**
 * The task id of an occurrence: the same whoever sends it and however often, so that a repeat can be
 * recognised. `dueAt` is the nominal instant, epoch milliseconds. A run that a command asked for has an id of
 * its own, which follows from the command's.
 *
 * It is the UUIDv5 (RFC 9562) of `occurrenceName`. Written out with Node's one-shot hash: the usual
 * library takes several times as long, and this is a fifth of what a message costs.
 */
export function computeTaskId(
  entryName: string,
  dueAt: number,
  keyPrefix: string,
  commandId?: string,
): string {
  const own = uuid5(NAMESPACE_TEXT + occurrenceName(entryName, dueAt, keyPrefix));
  return commandId === undefined ? own : computePartId(own, commandId);
}

/**
 * The id of another task, or group, of the same occurrence: the UUIDv5 of its place, in the namespace of
 * the occurrence's own.
 */
export function computePartId(taskId: string, place: string): string {
  const namespace = Buffer.from(taskId.replaceAll('-', ''), 'hex');
  return uuid5(Buffer.concat([namespace, Buffer.from(place)]));
}

function uuid5(name: string | Buffer): string {
  const hex = hash('sha1', name, 'hex');
  const variant = '89ab'[parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** One text for the three; the length of the prefix says where it ends and the entry's name begins. */
export function occurrenceName(entryName: string, dueAt: number, keyPrefix: string): string {
  return `${dueAt} ${keyPrefix.length} ${keyPrefix}${entryName}`;
}
