import { loadWhy } from '../read-models/history/load-history.ts';
import { findEntries } from '../read-models/status/read-entries.ts';
import { entrySource, type HttpContext } from './context.ts';
import { unknownEntry, type Problem } from './problem.ts';

/** Finds the entry of a request, to explain its instants, or the problem to answer with. Rejects with a `StoreError`. */
export async function findExplained(context: HttpContext, name: string) {
  const { store, settings, clock } = context;
  const now = clock.now();
  const [found] = await findEntries(entrySource(context), [name]);
  if (!found) return unknownEntry(name);
  if (found.error !== undefined) return { status: 409, detail: found.error } satisfies Problem;
  const { history, commands } = store;
  const { schedule } = found.entry;
  return {
    /** The rule of its schedule in words. */
    rule: schedule.description ?? schedule.spec,
    zone: schedule.timezone ?? settings().timezone,
    /** The present in whole seconds. */
    now: now - (now % 1_000),
    /** `show` formats the instants of sentences. Rejects with a `StoreError`. */
    explain: (at: number, show: (at: number) => string) => loadWhy({ history, commands }, found, at, { now, show }),
  };
}
