import { setTimeout as delay } from 'node:timers/promises';
import type { Proxy } from '../../test/support/proxy.ts';
import type { FaultDurations } from '../scenario.ts';

export const NETWORK_FAULT_DURATIONS = {
  'network cut': [200, 3_500],
  'network stalled': [200, 3_500],
  'replies lost': [100, 1_500],
  'network slow': [500, 3_000],
} as const satisfies FaultDurations;

/** Injects a fault into the network between one instance and its broker; resolves when it is healed. */
export const NETWORK_FAULTS: Readonly<Record<string, (proxy: Proxy, duration: number) => Promise<void>>> = {
  'network cut': async (proxy, duration) => {
    proxy.refuse();
    await delay(duration);
    proxy.accept();
  },
  'network stalled': async (proxy, duration) => {
    proxy.stall();
    await delay(duration);
    proxy.flow();
  },
  'replies lost': async (proxy, duration) => {
    void proxy.dropReplies();
    await delay(duration);
    proxy.cut();
  },
  'network slow': async (proxy, duration) => {
    // From barely noticeable to longer than beat's timeouts.
    proxy.latency = 20 + (duration % 700);
    await delay(duration);
    proxy.latency = 0;
  },
};
