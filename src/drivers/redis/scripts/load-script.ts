import { readFileSync } from 'node:fs';
import { memoize } from '../../../util/memoize.ts';
import { script, type Script } from './script.ts';

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

/** Replaces `--- @include NAME` by the lines of `includes/NAME.lua`, where a script includes it first. */
export function readLines(file: string, included = new Set<string>()): ScriptLine[] {
  const content = files(file, () =>
    readFileSync(new URL(`${file}.lua`, import.meta.url), 'utf8').trimEnd(),
  );
  return content.split('\n').flatMap((text, i): ScriptLine[] => {
    const [, name] = INCLUDE.exec(text) ?? [];
    if (name === undefined) return [{ file, number: i + 1, text }];
    if (included.has(name)) return [];
    included.add(name);
    return readLines(`includes/${name}`, included);
  });
}
