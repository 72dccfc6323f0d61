import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { memoize } from '../../../util/memoize.ts';
import { deniedKeys, findDenied } from '../rights.ts';

/** A Lua script, which Redis runs atomically. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** The keys and arguments of a call, to which several functions add theirs. */
export interface ScriptInput {
  readonly keys: string[];
  readonly args: string[];
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
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [...keys, ...args];
  try {
    return await client.evalsha(sha, keys.length, rest).catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(lua, keys.length, rest);
    });
  } catch (error) {
    const denied = findDenied(error);
    throw denied ? await deniedKeys(client, denied) : error;
  }
}

/** A line of a script, and where it is from. */
export interface ScriptLine {
  /** Relative to this folder, without its extension. */
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

const INCLUDE = /^--- @include (\S+)$/;
/** Block comments at the beginning of a line, and lines that are comments. */
const COMMENTS = /^--\[\[.*?^\]\]\n|^ *--[^\n]*\n/gms;

const files = memoize<string>();

/** Loads `NAME.lua` of this folder. Comments are left out: the lock's scripts are sent with each renewal. */
export function loadScript(name: string): Script {
  const text = readLines(name)
    .map((line) => `${line.text}\n`)
    .join('');
  return script(text.replace(COMMENTS, ''));
}

/** Replaces `--- @include NAME` by the lines of `includes/NAME.lua`; a repeated include adds none. */
export function readLines(file: string, included = new Set<string>()): ScriptLine[] {
  const content = files(file, () => readFileSync(new URL(`${file}.lua`, import.meta.url), 'utf8').trimEnd());
  return content.split('\n').flatMap((text, i): ScriptLine[] => {
    const [, name] = INCLUDE.exec(text) ?? [];
    if (name === undefined) return [{ file, number: i + 1, text }];
    if (included.has(name)) return [];
    included.add(name);
    return readLines(`includes/${name}`, included);
  });
}
