/** What was measured at one instant. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly at: number;
  /** One for each slot; `null` while no process runs there. */
  readonly instances: readonly (InstanceSample | null)[];
  readonly store: { readonly megabytes: number; readonly keys: number };
  /** How late the runs of the entries arrived that are due each second, milliseconds; `null` if none arrived. */
  readonly late: Lateness | null;
  /** From the last full minute to the last message of its burst, milliseconds; `null` if no burst ended. */
  readonly burst: number | null;
  /** Runs per second. */
  readonly rate: number;
  /** The longest time for which the machine did not run a thread that only waits, milliseconds. */
  readonly machine: number;
}

export interface InstanceSample {
  readonly pid: number;
  /** Seconds since the process was started. */
  readonly age: number;
  readonly leads: boolean;
  /** Resident memory. */
  readonly megabytes: number;
  readonly descriptors: number;
  /** Of one core, since the sample before; `null` in the first sample of a process. */
  readonly processor: number | null;
  /** The 99th percentile of the delay of the event loop, milliseconds; `null` if `/metrics` did not answer. */
  readonly loop: number | null;
}

export interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Something that was done to an instance. */
export interface Disturbance {
  readonly kind: string;
  readonly slot: number;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}
