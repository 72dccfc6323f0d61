import { isDeepStrictEqual } from 'node:util';
import type { ConfigFiles } from '../../config/config-files.ts';
import type { Clock } from '../../util/clock.ts';

/** Milliseconds between two checks of the files. */
const INTERVAL = 1_000;

/** Calls `reload` when files changed and two checks agree: editors write in steps. It polls, because NFS is silent. */
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
