import { cron } from '../../schedule/cron.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import type { ImportedJob } from './import.ts';

/** The next instants of a job, computed from its line, beside those of its entry. */
export interface Comparison {
  readonly name: string;
  readonly instants: readonly { readonly source: Date | null; readonly result: Date | null }[];
}

/** Compares the jobs that have fixed times; those of anacron are counted from the first start of beat. */
export function compareJobs(
  jobs: readonly ImportedJob[],
  { timezone, count, after }: { timezone: string; count: number; after: Date },
): readonly Comparison[] {
  return jobs
    .filter(({ entry }) => entry.schedule.every === undefined)
    .map(({ job, entry }) => {
      const sources = upcoming(
        cron(job.when, { timezone: job.timezone ?? timezone }),
        after,
        count,
      );
      const results = upcoming(entry.schedule, after, count);
      const instants = sources.map((source, i) => ({ source, result: results[i] ?? null }));
      return { name: entry.name, instants };
    });
}

function upcoming(schedule: Schedule, after: Date, count: number): (Date | null)[] {
  const instants: (Date | null)[] = [];
  let last: Date | null = after;
  while (instants.length < count) {
    last = last && schedule.next(last);
    instants.push(last);
  }
  return instants;
}
