import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The uid and the gid that own nothing on every Linux. */
export const UNPRIVILEGED = 65_534;

/** A command that runs the command after it as that user. */
export const asUnprivileged = [
  'setpriv',
  `--reuid=${UNPRIVILEGED}`,
  `--regid=${UNPRIVILEGED}`,
  '--clear-groups',
] as const;

const CHECKOUT = join(import.meta.dirname, '../../package.json');

/** Returns the reason why this process cannot run beat as that user, or an empty text. */
export function whyNotUnprivileged(): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return '--uid needs root on Linux';
  const [setpriv, ...args] = asUnprivileged;
  const script = `require('node:fs').accessSync(${JSON.stringify(CHECKOUT)})`;
  const { status } = spawnSync(setpriv, [...args, process.execPath, '-e', script]);
  return status === 0 ? '' : '--uid needs a checkout and a Node that every user may read';
}
