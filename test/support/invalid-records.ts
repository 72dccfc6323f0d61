import { encodeAudit } from '../../src/entries/commands/audit.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { OutcomeRow } from '../../src/contracts/store/history.ts';
import type { Announcement } from '../../src/contracts/store/instances.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { NEW_STATE } from './change.ts';

const SURROGATE = '\ud800';

/**
 * Writes a state, an outcome, an announcement and an audit row as another program could: with numbers that are not instants and
 * lone surrogates, for the entry `bad`; valid ones of the entry `good` for `null`.
 */
export async function writeInvalidRecords(store: StateStore, token: number, bad: string | null): Promise<void> {
  const now = Date.now();
  const entry = bad ?? 'good';
  const state: EntryState = bad === null ? NEW_STATE : { ...NEW_STATE, dueAt: 1e300, taskId: SURROGATE };
  await store.commands.append('{}');
  const [command] = await store.commands.pending(1);
  const header = { id: entry, at: now, do: 'run', entry, by: 'ann', reason: null } as const;
  const audit = encodeAudit(header, { status: 'applied', answer: 'done' }, { now, term: token });
  const outcome = await store.ledger.commit({
    token,
    changes: [{ entry, before: null, after: state, messages: [] }],
    commands: [
      {
        key: command!.key,
        id: entry,
        audit: bad === null ? audit : '{"status":"applied","answer":"done","entry":"\\ud800"}',
      },
    ],
  });
  if (outcome.kind !== 'committed') throw new Error(`not committed: ${outcome.kind}`);
  const ended: OutcomeRow = {
    kind: 'outcome',
    taskId: entry,
    dueAt: now,
    state: 'SUCCESS',
    doneAt: now,
    runtimeMs: null,
    worker: null,
    error: null,
  };
  const row = bad === null ? ended : { ...ended, dueAt: 1e300, worker: SURROGATE };
  await store.history!.append([{ entry: 'good', row }]);
  const announcement: Announcement = {
    id: entry,
    host: 'h',
    pid: 1,
    version: '1',
    role: 'follower',
    term: null,
    startedAt: now,
    skewMs: null,
  };
  await store.instances.announce(bad === null ? announcement : { ...announcement, host: SURROGATE, startedAt: 1e300 });
}
