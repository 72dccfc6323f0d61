import { closeSync, openSync } from 'node:fs';

/** SIGHUP asks for a reload, unless the terminal or, on Windows, the console was closed, which ends the process. */
export function onHangup({ closed, asked }: Record<'closed' | 'asked', () => void>): void {
  const hadTerminal = hasTerminal();
  process.on('SIGHUP', () => {
    if (process.platform === 'win32' || (hadTerminal && !hasTerminal())) closed();
    else asked();
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
