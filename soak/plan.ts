import type { EntryConfig } from '../src/generated/config-types.ts';

/** What a soak runs. Durations are milliseconds unless their names end in a unit. */
export interface SoakPlan {
  readonly minutes: number;
  readonly instances: number;
  readonly lockTtlSeconds: number;
  /** Entries that are due each second. */
  readonly steady: number;
  /** Entries that are due at each full minute. */
  readonly burst: number;
  /** Stored entries, each due every ten seconds. */
  readonly stored: number;
  /** Rows of the history of each entry. */
  readonly historyLimit: number;
  /** Commands that are sent before the measurement, so that the audit trail, which keeps the newest 10,000, is full. */
  readonly earlierCommands: number;
  readonly sampleEvery: number;
  readonly commandEvery: number;
  readonly requestEvery: number;
  readonly reloadEvery: number;
  readonly faultEvery: number;
  /** How long a leader is frozen: longer than the lock's TTL, so that another instance leads. */
  readonly freeze: number;
}

export const PLAN: SoakPlan = {
  minutes: 45,
  instances: 3,
  lockTtlSeconds: 8,
  steady: 20,
  burst: 2_000,
  stored: 200,
  historyLimit: 10,
  earlierCommands: 10_000,
  sampleEvery: 10_000,
  commandEvery: 1_000,
  requestEvery: 500,
  reloadEvery: 45_000,
  faultEvery: 150_000,
  freeze: 10_000,
};

/** How long after a disturbance runs may be late and requests may fail because of it: a takeover and its runs. Milliseconds. */
export function findAftermath({ lockTtlSeconds }: SoakPlan): number {
  return 1_000 * lockTtlSeconds + 5_000;
}

/** Entries by what becomes of them. The runs of `steady`, `minute` and `stored` are accounted for; see `RunTracker`. */
export const NAMES = {
  steady: (i: number) => `steady ${i}`,
  minute: (i: number) => `minute ${i}`,
  stored: (i: number) => `stored ${i}`,
  /** Runs only by command. */
  manual: 'manual',
  /** Is paused and resumed. */
  paused: 'paused',
  /** Is added and removed. */
  temporary: 'temporary',
} as const;

const SECOND = { cron: '* * * * * *' };
const MINUTE = { cron: '* * * * *' };

/** The entries of the configuration; `reloads` changes one of them, and adds or removes another. */
export function declareEntries({ steady, burst }: SoakPlan, reloads: number): Record<string, EntryConfig> {
  const strict = { task: 'tasks.soak', missed: 'all' } as const;
  const many = (count: number, name: (i: number) => string, entry: Pick<EntryConfig, 'schedule'>) =>
    Array.from({ length: count }, (_, i) => [name(i), { ...strict, ...entry, args: [i, 'soak'] }] as const);
  return Object.fromEntries<EntryConfig>([
    ...many(steady, NAMES.steady, { schedule: SECOND }),
    ...many(burst, NAMES.minute, { schedule: MINUTE }),
    [NAMES.manual, { task: 'tasks.manual', schedule: { cron: '0 0 29 2 *' }, args: [reloads] }],
    [NAMES.paused, { task: 'tasks.paused', schedule: SECOND }],
    ...(reloads % 2 === 1 ? [['reloaded', { task: 'tasks.reloaded', schedule: SECOND }] as const] : []),
  ]);
}

export function defineStored(i: number) {
  return { task: 'tasks.stored', schedule: { cron: `${i % 10}-59/10 * * * * *` }, missed: 'all', args: [i] };
}
