import type { ReadableItem } from '../../read-models/history/join-runs.ts';

/** How it ended, as a class of the stylesheet, a sign and words. */
export function describeRun(item: ReadableItem): {
  readonly kind: 'succeeded' | 'failed' | 'published' | 'skipped';
  readonly sign: string;
  readonly words: string;
} {
  const skipped = (reason: string) =>
    ({ kind: 'skipped', sign: '–', words: `skipped (${reason})` }) as const;
  if (item.kind === 'skip') return skipped(item.reason);
  const { outcome, withdrawn } = item;
  if (withdrawn) return skipped(withdrawn.reason);
  if (outcome === null) return { kind: 'published', sign: '•', words: 'published' };
  return describeOutcome(outcome.state);
}

/** How a task with this state ended, in the same manner. */
export function describeOutcome(state: string): {
  readonly kind: 'succeeded' | 'failed';
  readonly sign: string;
  readonly words: string;
} {
  if (state === 'SUCCESS') return { kind: 'succeeded', sign: '✓', words: 'succeeded' };
  const words = state === 'FAILURE' ? 'failed' : state.toLowerCase();
  return { kind: 'failed', sign: '✕', words };
}
