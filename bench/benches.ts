/** Where a bench is, and how long it may take. */
export interface BenchModule {
  /** Beside this file. */
  readonly file: string;
  /** The name that the file exports. */
  readonly name: string;
  /** A bench that takes longer, on a machine with other load too, has failed. */
  readonly minutes: number;
}

/** The benches in the order in which they run. Each is loaded in a process of its own, by `run-bench.ts`. */
export const BENCHES: Readonly<Record<string, BenchModule>> = {
  burst: { file: 'burst.ts', name: 'burst', minutes: 6 },
  share: { file: 'share.ts', name: 'share', minutes: 8 },
  start: { file: 'start.ts', name: 'start', minutes: 6 },
  stored: { file: 'stored-entries.ts', name: 'storedEntries', minutes: 20 },
  lateness: { file: 'lateness.ts', name: 'lateness', minutes: 3 },
  next: { file: 'next.ts', name: 'next', minutes: 3 },
  takeover: { file: 'takeover.ts', name: 'takeover', minutes: 8 },
  input: { file: 'input.ts', name: 'input', minutes: 3 },
  outcomes: { file: 'outcomes.ts', name: 'outcomes', minutes: 4 },
  live: { file: 'live.ts', name: 'live', minutes: 15 },
  audit: { file: 'audit.ts', name: 'audit', minutes: 6 },
  'start-history': { file: 'start-history.ts', name: 'startHistory', minutes: 6 },
  size: { file: 'size.ts', name: 'size', minutes: 8 },
  hostile: { file: 'hostile.ts', name: 'hostile', minutes: 15 },
};
