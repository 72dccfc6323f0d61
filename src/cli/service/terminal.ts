import { closeSync, openSync } from 'node:fs';

/** Whether the process has a controlling terminal, which is open. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
