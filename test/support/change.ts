import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Change } from '../../src/contracts/store/commit.ts';
import { makeMessage } from './message.ts';

/** The state of an entry that has never been due. */
export const NEW_STATE: EntryState = {
  version: 1,
  rev: 1,
  spec: 'crontab(0 4 * * *)',
  anchor: 1_700_000_000_000,
  dueAt: null,
  sentAt: null,
  taskId: null,
  runCount: 0,
};

/** Returns the state after one more run. */
export function advanceState(state: EntryState, taskId: string): EntryState {
  const dueAt = (state.dueAt ?? state.anchor) + 60_000;
  const { rev, runCount } = state;
  return { ...state, rev: rev + 1, dueAt, sentAt: dueAt + 5, taskId, runCount: runCount + 1 };
}

/** A change of an entry that stays. */
export type RunChange = Change & { readonly after: EntryState };

/** Returns the change that publishes a new entry's first run. */
export function makeFirstRun(entry: string, taskId = `task-${entry}`): RunChange {
  return makeChange(entry, null, taskId);
}

/** The run after a change that was committed. */
export function makeNextRun({ entry, after }: RunChange, taskId: string): RunChange {
  return makeChange(entry, after, taskId);
}

function makeChange(entry: string, before: EntryState | null, taskId: string): RunChange {
  const after = advanceState(before ?? NEW_STATE, taskId);
  const run = { entry, dueAt: after.dueAt!, cause: 'schedule' } as const;
  return { entry, before, after, messages: [{ ...makeMessage(taskId), run }] };
}
