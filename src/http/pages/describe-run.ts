import type { HistoryItem } from '../../history/join-runs.ts';

/** How it ended, as a class of the stylesheet, a sign and words. */
export function describeRun(item: HistoryItem): {
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
  if (outcome.state === 'SUCCESS') return { kind: 'succeeded', sign: '✓', words: 'succeeded' };
  const words = outcome.state === 'FAILURE' ? 'failed' : outcome.state.toLowerCase();
  return { kind: 'failed', sign: '✕', words };
}
