/**
 * A number below 2^32 that depends on the text alone: the same in every process, on every machine, in
 * every version. Schedules with `H` are built on it, so a change here moves them. (FNV-1a over the bytes of
 * UTF-8, with the last steps of MurmurHash3, which spread names that differ in one character.)
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
