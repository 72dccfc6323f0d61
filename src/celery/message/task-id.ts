import { hash } from 'node:crypto';

/** beat's namespace for name-based UUIDs. Changing it would change the ids of all runs. */
export const NAMESPACE = 'd9a13473-5656-4cce-9f5a-62737a685358';

/** The bytes of the namespace are valid UTF-8, so that namespace and name form one text, which is hashed faster. */
const NAMESPACE_TEXT = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex').toString('utf8');

/**
 * Computes the task id of an occurrence: the UUIDv5 (RFC 9562) of `occurrenceName`. All instances compute the same id,
 * so a repeat can be recognised. `dueAt` is the nominal instant, epoch milliseconds. A run of a command has a separate
 * id, computed from the id of the command. Node's one-shot hash is several times as fast as the usual library.
 */
export function computeTaskId(entryName: string, dueAt: number, keyPrefix: string, commandId?: string): string {
  const own = uuid5(NAMESPACE_TEXT + occurrenceName(entryName, dueAt, keyPrefix));
  return commandId === undefined ? own : computePartId(own, commandId);
}

/** Computes the id of a task or group of the same occurrence: a UUIDv5 of its place in the namespace of `taskId`. */
export function computePartId(taskId: string, place: string): string {
  return uuid5(Buffer.concat([Buffer.from(taskId.replaceAll('-', ''), 'hex'), Buffer.from(place)]));
}

function uuid5(name: string | Buffer): string {
  const hex = hash('sha1', name, 'hex');
  const variant = '89ab'[parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A text that is unique for the three values: the length of the prefix shows where the entry's name begins. */
export function occurrenceName(entryName: string, dueAt: number, keyPrefix: string): string {
  return `${dueAt} ${keyPrefix.length} ${keyPrefix}${entryName}`;
}
