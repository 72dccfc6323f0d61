import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../util/system-clock.ts';

/** Only of a Node and processors whose defaults `runFast` knows, and not if the user set such flags. */
const isAllowed =
  process.versions.node.startsWith('24.') &&
  ['x64', 'arm64'].includes(process.arch) &&
  !/jit|opt\b|maglev|turbofan|lite|growth/.test(`${process.execArgv.join()} ${process.env['NODE_OPTIONS']}`);

/** A heap of this size is collected within a tenth of a second. Bytes. */
const SMALL_HEAP = 40_000_000;

/**
 * Has V8 load the program in little memory: the code of its optimizing compilers takes 8 MB once functions of the loader
 * are hot, and its young generation grows by 17 MB.
 */
export function loadSmall(): void {
  setFlags('--no-opt', '--no-maglev', '--semi-space-growth-factor=1');
}

/** Ends `loadSmall`, before there is much to do. */
export function runFast(): void {
  setFlags('--opt', '--maglev', '--semi-space-growth-factor=2');
}

/** Frees the memory that only the start of a service needed: an idle process would keep it for hours. */
export async function settle(stopped: AbortSignal): Promise<void> {
  await systemClock.sleep(1_000, stopped);
  runFast();
  if (stopped.aborted || getHeapStatistics().used_heap_size > SMALL_HEAP) return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  collect({ type: 'major', flavor: 'last-resort' });
}

function setFlags(...flags: readonly string[]): void {
  if (isAllowed) flags.forEach((flag) => setFlagsFromString(flag));
}
