import { formatDuration } from '../../util/format-duration.ts';
import type { Account } from './account.ts';
import { describeSkipReason } from '../../celery/message/skip-reasons.ts';

/** What became of an occurrence, in words. */
export function describeAccount(account: Account): string {
  switch (account.kind) {
    case 'published': {
      const { run } = account;
      const late = `${formatDuration(run.sentAt - run.dueAt)} late`;
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
