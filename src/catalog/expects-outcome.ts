import { findLastTask } from '../canvas/canvas.ts';
import type { Entry } from './entry.ts';

/**
 * Whether runs of an entry have an outcome under their task id. A group has a result for each of its tasks instead, and
 * an entry may ask for no result. A task may still ignore its result by its own setting.
 */
export function expectsOutcome({ canvas, options }: Pick<Entry, 'canvas' | 'options'>): boolean {
  const last = canvas && findLastTask(canvas);
  if (last?.kind === 'group') return false;
  const own = last?.options.ignoreResult;
  return (own ?? options.ignoreResult) !== true;
}
