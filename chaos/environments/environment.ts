import type { Redis } from 'ioredis';
import type { OverlapPolicy } from '../../src/entries/catalog/entry.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import type { QueuedRun } from '../../test/support/queues.ts';
import type { FaultDurations } from '../scenario.ts';

/** The servers of one run, with the faults that can be injected into them and into the network. */
export interface Environment extends AsyncDisposable {
  /** Reaches broker and ledger without passing through the faulty network. */
  readonly config: Pick<BeatConfig, 'brokerUrl' | 'stateUrl'>;
  /** The broker's URL for the instance in that slot, through its own network proxy. */
  urlFor(slot: number): string;
  /** Whether a fault of this kind affects the network of one instance, or a server and so every instance. */
  affects(kind: string): 'instance' | 'server';
  /** Injects the fault; resolves when it is healed. Durations are milliseconds. */
  inject(kind: string, slot: number, duration: number): Promise<void>;
  /** The Redis with results and task events, for hostile ones; absent if they are elsewhere. */
  readonly redis?: Redis;
  /** Every run that was published to the queue, oldest first. */
  readQueue(queue: string): Promise<QueuedRun[]>;
  /** Calls the listener with the ids of tasks that are revoked. Absent where the broker carries no remote control. */
  onRevoked?(listener: (taskIds: readonly string[]) => void): void;
}

/** A kind of environment, such as Redis. */
export interface EnvironmentType {
  /** The faults that it adds to those of processes. */
  readonly faults: FaultDurations;
  /** Whether a run may be published more than once under the same task id. */
  readonly mayRepeat: boolean;
  /** The policies of entries whose runs must not overlap; none where the results of runs cannot be read. */
  readonly overlap: readonly OverlapPolicy[];
  open(instances: number): Promise<Environment>;
  /** Stops servers that were kept for another run. */
  close?(): Promise<void>;
}
