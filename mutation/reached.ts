import { appendFileSync } from 'node:fs';
import { REACHED } from './protocol.ts';

declare global {
  var __reached: ((name: string) => void) | undefined;
}

/** Makes the call that instrumented sources make. Written at once: a process may be killed by its test. */
export function recordReached(): void {
  const path = process.env[REACHED];
  if (path === undefined) return;
  const seen = new Set<string>();
  globalThis.__reached = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    appendFileSync(path, `${name}\n`);
  };
}
