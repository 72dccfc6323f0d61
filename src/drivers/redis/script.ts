import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { deniedBy, deniedKeys } from './rights.ts';

/** What runs inside Redis as one step that nothing can come between. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Runs a script by its hash; sends its text when Redis does not know it (any more). Rejects with a
 * `DeniedError` when the user of the client lacks a right that the script needs.
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
    const denied = deniedBy(error);
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
