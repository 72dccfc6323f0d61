import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../chaos/cluster.ts';
import { PROCESS_FAULTS } from '../chaos/process-faults.ts';
import type { SoakPlan } from './plan.ts';
import type { Disturbance } from './samples.ts';
import { pause } from './users.ts';

/** The slot whose process is never ended, so that its memory shows over the whole time. */
export const SURVIVOR = 0;

/** What is done to the leader, in turns. After a kill and a stop, a process starts in the slot again. */
const KINDS = ['kill', 'freeze', 'stop'] as const;
/** How long the slot is empty after a kill or a stop. Milliseconds. */
const EMPTY = 1_000;
const POLL_INTERVAL = 100;

/** Takes the lead from one instance after the other until `stop`. Each disturbance is added to `done` when it begins. */
export async function disturb(
  cluster: Cluster,
  { faultEvery, freeze }: SoakPlan,
  done: Disturbance[],
  stop: AbortSignal,
): Promise<void> {
  for (let i = 0; ; i++) {
    await pause(faultEvery, stop);
    if (stop.aborted) return;
    const slot = cluster.leader();
    if (slot === null) continue;
    const kind = slot === SURVIVOR ? 'freeze' : KINDS[i % KINDS.length]!;
    const from = Date.now();
    // Its end is known later.
    const index = done.push({ kind, slot, from, to: Infinity }) - 1;
    await PROCESS_FAULTS[kind]!(cluster, slot, kind === 'freeze' ? freeze : EMPTY);
    await waitForRole(cluster, slot);
    done[index] = { kind, slot, from, to: Date.now() };
  }
}

/** Waits until the instance leads or follows, or has ended, however long a busy machine takes to start it. */
export async function waitForRole(cluster: Cluster, slot: number): Promise<void> {
  const { beat } = cluster.at(slot);
  while (beat.alive && beat.role === undefined) await delay(POLL_INTERVAL);
}
