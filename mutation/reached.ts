import { appendFileSync } from 'node:fs';
import { REACHED } from './protocol.ts';

/** Makes the call that instrumented sources make. Written at once: a process may be killed by its test. */
export function recordReached(): void {
  const path = process.env[REACHED];
  if (path === undefined) return;
  const seen = new Set<string>();
  Object.assign(globalThis, {
    __reached: (name: string) => {
      if (seen.has(name)) return;
      seen.add(name);
      appendFileSync(path, `${name}\n`);
    },
  });
}
