import { account, type Recorded } from '../src/read-models/history/account.ts';
import type { History } from './history.ts';
import type { Violations } from './violations.ts';

/**
 * Audits one entry over the whole run: each occurrence is published once or skipped, and the history has exactly the runs
 * that are in the queues.
 */
export function checkAudit(
  recorded: Recorded,
  { queues, healedAt }: History,
  { lost, doubled, wrong }: Violations,
): void {
  const { entry, state, rows } = recorded;
  const describe = (at: number, what: string) => `${entry.name} ${new Date(at).toISOString()}: ${what}`;
  const to = Math.max(state?.dueAt ?? 0, healedAt) + 1;
  for (const { dueAt, account: found } of account(recorded, { from: 0, to, now: to })) {
    const { kind } = found;
    if (kind === 'unaccounted' || kind === 'before-history') {
      lost.push(describe(dueAt, `the audit has it as ${kind}`));
    }
    if (kind === 'published-twice') doubled.push(describe(dueAt, 'the history has it twice'));
  }
  const runs = rows.filter((row) => row.kind === 'run');
  const recordedIds = new Set(runs.map(({ taskId }) => taskId));
  if (recordedIds.size < runs.length) doubled.push(`${entry.name}: the history has a run twice`);
  const own = queues.flat().filter((run) => run.entry === entry.name);
  const queuedIds = new Set(own.map(({ id }) => id));
  for (const id of queuedIds.difference(recordedIds)) {
    lost.push(`${entry.name}: ${id} is in its queue, and not in the history`);
  }
  for (const id of recordedIds.difference(queuedIds)) {
    wrong.push(`${entry.name}: ${id} is in the history, and not in its queue`);
  }
}
