import { realpathSync, statSync, type BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';

/**
 * A text that changes when the file does: its real path, which changes when Kubernetes swaps the link of a
 * ConfigMap, inode, size and time of modification. A file that is missing has a stamp too.
 */
export async function stampFile(path: string): Promise<string> {
  try {
    return format(await realpath(path), await stat(path, { bigint: true }));
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

export function stampFileSync(path: string): string {
  try {
    return format(realpathSync(path), statSync(path, { bigint: true }));
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function format(real: string, { dev, ino, size, mtimeNs }: BigIntStats): string {
  return [real, dev, ino, size, mtimeNs].join(' ');
}
