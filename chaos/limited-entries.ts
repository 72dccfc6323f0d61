import type { OverlapPolicy } from '../src/entries/catalog/entry.ts';
import type { EntryConfig } from '../src/generated/config-types.ts';
import { Random } from './random.ts';

/** The queue of the entries whose runs must not overlap, which the simulated worker reads. */
export const LIMITED_QUEUE = 'reports';

/** Plans an entry for each policy. Its interval is shorter than many of its tasks run, and so is sometimes `maxRuntime`. */
export function generateLimitedEntries(seed: number, policies: readonly OverlapPolicy[]): Record<string, EntryConfig> {
  const random = new Random(seed ^ 0x11f3);
  return Object.fromEntries(
    policies.map((overlap) => [
      `overlap ${overlap}`,
      {
        task: 'tasks.report',
        schedule: { timedelta: { milliseconds: random.size(700, 2_500) } },
        missed: random.pick(['once', 'skip', 'all'] as const),
        overlap,
        maxRuntime: random.size(2_000, 6_000) / 1_000,
        options: { queue: LIMITED_QUEUE },
      },
    ]),
  );
}
