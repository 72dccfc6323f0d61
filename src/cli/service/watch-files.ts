import { isDeepStrictEqual } from 'node:util';
import type { ConfigFiles } from '../../config/config-files.ts';
import type { Clock } from '../../util/clock.ts';

/** Milliseconds between two checks of the files. */
const INTERVAL = 1_000;

/**
 * Calls `reload` when the files have changed and two checks in a row find the same content: editors write a file in
 * steps, or remove it for a moment. It polls, because NFS and the links of a ConfigMap send no notifications. Runs
 * until the signal aborts.
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
