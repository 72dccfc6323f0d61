import type { Account } from './account.ts';
import { describeSkipReason } from './skip-reasons.ts';

/** Formats milliseconds as `12 ms`, `3.4 s`, or `1 h 5 min`. */
export function formatLateness(ms: number): string {
  if (Math.abs(ms) < 1_000) return `${ms} ms`;
  if (Math.abs(ms) < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const parts = [
    [Math.floor(minutes / 1_440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** What became of an occurrence, in words. */
export function describeAccount(account: Account): string {
  switch (account.kind) {
    case 'published': {
      const { run } = account;
      const late = `${formatLateness(run.sentAt - run.dueAt)} late`;
      const cause = run.cause === 'catch-up' ? ', caught up' : '';
      return `published ${late}${cause} by ${run.leader}: ${run.taskId}`;
    }
    case 'published-twice': {
      const ids = account.runs.map(({ taskId, term }) => `${taskId} in term ${term}`);
      return `PUBLISHED ${account.runs.length} TIMES: ${ids.join(', ')}`;
    }
    case 'skipped':
      return `skipped: ${describeSkipReason(account.reason)}`;
    case 'waiting':
      return 'due, and not yet dealt with: no leader, the entry is paused, or it waits for an earlier run';
    case 'not-yet-due':
      return 'not yet due';
    case 'before-history':
      return 'unknown: before the oldest row of the history';
    case 'unaccounted':
      return 'NOT ACCOUNTED FOR';
  }
}
