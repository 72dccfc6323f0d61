import type { EntryState } from '../../src/store/entry-state.ts';
import type { Change } from '../../src/store/commit.ts';
import { makeMessage } from './message.ts';

/** The record of an entry that was seen and has not been due yet. */
export const NEW_RECORD: EntryState = {
  spec: 'crontab(0 4 * * *)',
  anchor: 1_700_000_000_000,
  dueAt: null,
  sentAt: null,
  taskId: null,
  runCount: 0,
};

/** The record after one more run than `record`. */
export function advanceRecord(record: EntryState, taskId: string): EntryState {
  const dueAt = (record.dueAt ?? record.anchor) + 60_000;
  return { ...record, dueAt, sentAt: dueAt + 5, taskId, runCount: record.runCount + 1 };
}

/** An entry seen for the first time and sent at once. */
export function makeFirstRun(entry: string, taskId = `task-${entry}`): Change {
  return {
    entry,
    before: null,
    after: advanceRecord(NEW_RECORD, taskId),
    messages: [makeMessage(taskId)],
  };
}

/** The run after a change that was committed. */
export function makeNextRun({ entry, after: record }: Change, taskId: string): Change {
  return {
    entry,
    before: record,
    after: advanceRecord(record, taskId),
    messages: [makeMessage(taskId)],
  };
}
