import { limitsOverlap } from '../src/entries/catalog/entry.ts';
import type { SentLine } from '../test/support/beat-process.ts';
import type { History } from './history.ts';
import { parseTime } from './logged-decisions.ts';

/** How much later than its occurrence a run may be published because of hostile inputs. Milliseconds. */
const LATEST = 300;

/** Finds runs that were published late while hostile inputs were sent and no fault was injected. */
export function checkLateness({ processes, hostile, entries }: History): {
  violations: string[];
  /** The latest run, without the lag of the machine; 0 if none was due. Milliseconds. */
  latest: number;
} {
  const waiting = new Set(entries.filter(limitsOverlap).map(({ name }) => name));
  const violations: string[] = [];
  let latest = 0;
  if (!hostile) return { violations, latest };
  for (const { log } of processes) {
    for (const line of log) {
      const { entry, dueAt, latenessMs, cause } = line as SentLine & { readonly cause: string };
      const due = Date.parse(dueAt);
      if (line.event !== 'sent' || due < hostile.from || due > hostile.to) continue;
      if (waiting.has(entry) || cause === 'manual' || cause === 'backfill') continue;
      const sentAt = parseTime(line);
      const lags = hostile.lags.filter(({ at, ms }) => at >= due && at - ms <= sentAt);
      const late = latenessMs - lags.reduce((total, { ms }) => total + ms, 0);
      latest = Math.max(latest, late);
      if (late > LATEST) violations.push(`${entry} ${dueAt}: published ${latenessMs} ms late`);
    }
  }
  return { violations, latest };
}
