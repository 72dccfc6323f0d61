import { resolveSettings } from '../src/config/resolve.ts';
import { openState } from '../src/drivers/open-store.ts';
import type { Change } from '../src/contracts/store/commit.ts';
import type { RunRow } from '../src/contracts/store/history.ts';
import { storeOptions } from '../test/contract/test-store.ts';

const BATCH = 1_000;

/** Writes states and history of a day in which each entry of the configuration ran when it was due. */
export async function writeDay(
  config: object,
  url: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const { entries } = resolveSettings(config);
  const store = await openState(storeOptions(url));
  const token = await store.ledger.beginTerm();
  let runs = 0;
  for (let start = 0; start < entries.length; start += BATCH) {
    const changes = entries.slice(start, start + BATCH).map(({ name, task, schedule }): Change => {
      const history: RunRow[] = [];
      for (let at = from - 1; ;) {
        const next = schedule.next(new Date(at));
        if (next === null || next.getTime() >= to) break;
        at = next.getTime();
        const [sentAt, taskId] = [at + 20, `${name}-${at}`];
        const sent = { sentAt, taskId, task, queue: 'celery', term: token, leader: 'host:7' };
        history.push({ kind: 'run', number: history.length + 1, dueAt: at, cause: 'schedule', ...sent });
      }
      runs += history.length;
      const { dueAt = null, sentAt = null, taskId = null } = history.at(-1) ?? {};
      const after = {
        version: 1,
        rev: 1,
        spec: schedule.spec,
        anchor: from - 1,
        dueAt,
        sentAt,
        taskId,
        runCount: history.length,
      };
      return { entry: name, before: null, after, messages: [], history };
    });
    const outcome = await store.ledger.commit({ token, changes });
    if (outcome.kind !== 'committed') throw new Error(`a commit was answered ${outcome.kind}`);
  }
  await store.close();
  return runs;
}
