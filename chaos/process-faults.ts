import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { FaultDurations } from './scenario.ts';

/** Milliseconds until the next process starts in the slot, or until the frozen one is thawed. */
export const PROCESS_FAULT_DURATIONS: FaultDurations = {
  kill: [0, 1_500],
  freeze: [200, 3_500],
  stop: [0, 1_000],
  deploy: [0, 300],
};

/** Injects a fault into the process of a slot; resolves when a process runs in the slot again. */
export const PROCESS_FAULTS: Readonly<
  Record<string, (cluster: Cluster, slot: number, duration: number) => Promise<void>>
> = {
  async kill(cluster, slot, duration) {
    await cluster.kill(slot);
    await delay(duration);
    cluster.start(slot);
  },

  async freeze(cluster, slot, duration) {
    const { beat } = cluster.at(slot);
    beat.freeze();
    await delay(duration);
    beat.thaw();
  },

  async stop(cluster, slot, duration) {
    await cluster.stop(slot);
    await delay(duration);
    cluster.start(slot);
  },

  /** Replaces the instances one by one, as a rolling deployment does. */
  async deploy(cluster, _slot, duration) {
    for (let slot = 0; slot < cluster.size; slot++) {
      await cluster.stop(slot);
      await delay(duration);
      cluster.start(slot);
      const { beat } = cluster.at(slot);
      await beat.log.until('a role', () => beat.role);
    }
  },
};
