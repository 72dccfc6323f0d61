import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { findDenied, deniedKeys } from '../rights.ts';

/** A Lua script, which Redis runs atomically. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Runs a script by its hash, and sends its text if Redis does not have it. Rejects with a `DeniedError` if the
 * user of the client lacks a right that the script needs.
 */
export async function run(
  client: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  try {
    return await runByHash(client, script, [...keys, ...args], keys.length);
  } catch (error) {
    const denied = findDenied(error);
    throw denied ? await deniedKeys(client, denied) : error;
  }
}

async function runByHash(
  client: Redis,
  { lua, sha }: Script,
  rest: string[],
  keyCount: number,
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keyCount, rest);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(lua, keyCount, rest);
  }
}
