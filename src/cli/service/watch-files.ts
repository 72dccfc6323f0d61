import { isDeepStrictEqual } from 'node:util';
import type { ConfigFiles } from '../../config/config-files.ts';
import type { Clock } from '../../util/clock.ts';

/** Between two looks at the files. Milliseconds. */
const INTERVAL = 1_000;

/**
 * Calls `reload` when the files have changed and are then the same at two looks: editors write a file in steps, or
 * remove it for a moment. It looks instead of subscribing, because NFS and the links of a ConfigMap send no
 * notifications. Runs until the signal aborts.
 */
export async function watchFiles(
  files: Pick<ConfigFiles, 'stamp' | 'hasChanged'>,
  reload: () => Promise<unknown>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let before: unknown = null;
  for (;;) {
    await clock.sleep(INTERVAL, signal);
    if (signal.aborted) return;
    const changed = (await files.hasChanged()) ? await files.stamp() : null;
    if (changed && isDeepStrictEqual(changed, before)) await reload();
    before = changed;
  }
}
