import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../util/system-clock.ts';

/** A heap of this size is collected within a tenth of a second. Bytes. */
const SMALL_HEAP = 40_000_000;

/** Lets V8 optimize code, and the heap grow. The entry file prevents that, and defines this function. */
export function runFast(): void {
  (globalThis as { [name: symbol]: (() => void) | undefined })[Symbol.for('beat.runFast')]?.();
}

/** Frees the memory that only the start of a service needed: an idle process would keep it for hours. */
export async function settle(stopped: AbortSignal): Promise<void> {
  await systemClock.sleep(1_000, stopped);
  if (stopped.aborted || getHeapStatistics().used_heap_size > SMALL_HEAP) return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  collect({ type: 'major', flavor: 'last-resort' });
}
