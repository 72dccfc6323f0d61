import type { LoadedWhy } from '../read-models/history/explain.ts';
import { loadWhy } from '../read-models/history/load-history.ts';
import { findEntries } from '../read-models/status/read-entries.ts';
import { entrySource, type HttpContext } from './context.ts';
import type { Problem } from './problem.ts';

/** An entry whose instants can be explained. */
export interface ExplainedEntry {
  /** The rule of its schedule in words. */
  readonly rule: string;
  /** The zone of its schedule, or else of the configuration. */
  readonly zone: string;
  /** The present in whole seconds, epoch milliseconds. */
  readonly now: number;
  /**
   * Explains an instant (epoch milliseconds); `show` formats the instants of sentences. Rejects with a `StoreError` when
   * the store cannot be read.
   */
  explain(at: number, show: (at: number) => string): Promise<LoadedWhy>;
}

/** Finds the entry of a request, or the problem to answer with. Rejects with a `StoreError`. */
export async function findExplained(context: HttpContext, name: string): Promise<ExplainedEntry | Problem> {
  const { store, settings, clock } = context;
  const now = clock.now();
  const [found] = await findEntries(entrySource(context), [name]);
  if (!found) return { status: 404, detail: `there is no entry ${JSON.stringify(name)}` };
  if (found.error !== undefined) return { status: 409, detail: found.error };
  const { history, commands } = store;
  const { schedule } = found.entry;
  return {
    rule: schedule.description ?? schedule.spec,
    zone: schedule.timezone ?? settings().timezone,
    now: now - (now % 1_000),
    explain: (at, show) => loadWhy({ history, commands }, found, at, { now, show }),
  };
}
