import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage, and returns the bytes of the heap that are still in use. */
export function measureHeap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
