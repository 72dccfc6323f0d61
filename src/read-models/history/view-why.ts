import type { Account } from './account.ts';
import type { Explanation } from '../../schedule/schedule.ts';
import type { LoadedWhy, Why } from './explain.ts';
import { viewRun, viewSkip, type RunView, type SkipView } from './view.ts';

/** Why an entry was or was not due at an instant, as `beat why --json` and the API show it. Instants are ISO 8601 in UTC. */
export interface WhyView {
  readonly entry: string;
  readonly at: string;
  readonly isDue: boolean;
  /** The rule in words. */
  readonly schedule: string;
  readonly reasons: readonly string[];
  readonly fields: Explanation | null;
  /** The nearest occurrences. */
  readonly previous: string | null;
  readonly next: string | null;
  readonly status: Account['kind'] | 'not-due';
  /** What became of the nearest occurrences; absent at an instant that is one. */
  readonly before?: NearView;
  readonly after?: NearView;
  readonly run?: RunView;
  /** Of an occurrence that was published more than once. */
  readonly runs?: readonly RunView[];
  readonly skip?: SkipView;
}

/** An occurrence near an instant. */
export interface NearView {
  readonly at: string;
  readonly status: WhyView['status'];
  readonly reasons: readonly string[];
}

export function viewWhy(
  entry: string,
  schedule: string,
  { found, before, after }: LoadedWhy,
): WhyView {
  const { at, isDue, fields, previous, next, account, reasons } = found;
  return {
    ...{ entry, at: iso(at), isDue, schedule, reasons, fields },
    previous: previous === null ? null : iso(previous),
    next: next === null ? null : iso(next),
    status: account?.kind ?? 'not-due',
    ...(before && { before: viewNear(before) }),
    ...(after && { after: viewNear(after) }),
    ...(account?.kind === 'published' && { run: viewRun(entry, account.run) }),
    ...(account?.kind === 'published-twice' && {
      runs: account.runs.map((run) => viewRun(entry, run)),
    }),
    ...(account?.kind === 'skipped' && { skip: viewSkip(entry, account.skip) }),
  };
}

function viewNear({ at, account, reasons }: Why): NearView {
  return { at: iso(at), status: account?.kind ?? 'not-due', reasons };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
