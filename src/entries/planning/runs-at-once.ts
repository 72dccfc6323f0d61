import { measureCanvas, measureJson } from '../../celery/canvas/canvas.ts';
import type { Entry } from '../catalog/entry.ts';

/** Most runs of one entry in one commit: rendering, committing and reporting more would delay what is due next. */
const MOST = 500;

/** Most bytes in the messages of these runs, about: the leader holds them in memory at the same time. */
const MAX_BYTES = 2_000_000;

const known = new WeakMap<Entry, number>();

/** How many runs of an entry one commit publishes at most; the others follow in later ones. */
export function runsAtOnce(entry: Entry): number {
  let runs = known.get(entry);
  if (runs === undefined) {
    runs = Math.max(1, Math.min(MOST, Math.floor(MAX_BYTES / measureRun(entry))));
    known.set(entry, runs);
  }
  return runs;
}

/** The approximate size of the messages of one run, in bytes. */
export function measureRun({ args, kwargs, canvas }: Entry): number {
  return canvas ? measureCanvas(canvas) : measureJson([args, kwargs]);
}
