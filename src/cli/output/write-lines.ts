import { once } from 'node:events';

/**
 * Writes a line to standard output, and waits while its reader is behind. Resolves with `false` once nothing can be
 * written any more, as after `| head`.
 */
export async function writeLine(text: string): Promise<boolean> {
  const { stdout } = process;
  if (!stdout.writable) return false;
  if (stdout.write(`${text}\n`)) return true;
  // A reader that closes its end emits `close` instead of `drain`.
  await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => {});
  return stdout.writable;
}
