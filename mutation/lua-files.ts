// The Lua scripts of Redis: files that the program reads, not modules that it imports.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Swap } from './protocol.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** From now on this process reads the mutated text, or records which scripts it reads. */
export function interceptLua(swap: Swap | null): void {
  const { readFileSync } = fs;
  const read = (...args: Parameters<typeof readFileSync>): string | Buffer => {
    const [path] = args;
    // Paths too: a test that compares a script with its file must not notice the change of the text.
    const opened = path instanceof URL ? fileURLToPath(path) : path;
    if (typeof opened === 'string' && opened.endsWith('.lua')) {
      const file = relative(ROOT, resolve(opened));
      if (swap?.file === file) return swap.text;
      globalThis.__reached?.(`${file}#`);
    }
    return readFileSync(...args);
  };
  fs.readFileSync = read as typeof readFileSync;
  syncBuiltinESMExports();
}
