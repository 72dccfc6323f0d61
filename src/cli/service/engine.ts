import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../util/system-clock.ts';

/** A heap of this size is collected within a tenth of a second. Bytes. */
const SMALL_HEAP = 40_000_000;

/** The entry file defines it, if it knows the flags of this Node. */
const RUN_FAST = Symbol.for('beat.runFast');

/** Lets V8 optimize code, and the heap grow, which the entry file prevents. */
export function runFast(): void {
  (globalThis as { [RUN_FAST]?: () => void })[RUN_FAST]?.();
}

/** Frees the memory that only the start of a service needed: an idle process would keep it for hours. */
export async function settle(stopped: AbortSignal): Promise<void> {
  await systemClock.sleep(1_000, stopped);
  if (stopped.aborted || !(RUN_FAST in globalThis) || getHeapStatistics().used_heap_size > SMALL_HEAP) return;
  // Functions that did not run between two collections lose their compiled code.
  ['--expose-gc', '--bytecode-old-age=1'].forEach((flag) => setFlagsFromString(flag));
  const collect = runInNewContext('gc') as (options: object) => void;
  for (const flavor of ['regular', 'regular', 'last-resort']) collect({ type: 'major', flavor });
  setFlagsFromString('--bytecode-old-age=6');
}
