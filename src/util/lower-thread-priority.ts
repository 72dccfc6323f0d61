import { getPriority, platform, setPriority } from 'node:os';

const NICENESS = 10;

/** Gives other threads of the process precedence over this one where they share a processor. Has an effect on Linux only. */
export function lowerThreadPriority(): void {
  // Elsewhere this would be the priority of the whole process. A smaller niceness than before needs a right.
  if (platform() === 'linux') setPriority(Math.max(NICENESS, getPriority()));
}
