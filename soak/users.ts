import { setTimeout as delay } from 'node:timers/promises';
import type { BeatClient } from '../src/client/client.ts';
import { CommandRejectedError } from '../src/client/send-command.ts';
import { HOSTILE_TOKEN } from '../test/support/hostile-inputs.ts';
import { defineStored, NAMES } from './plan.ts';

/** What people and programs did to the instances while they ran. */
export interface Usage {
  applied: number;
  rejected: number;
  unanswered: number;
  /** Runs that were commanded. */
  manual: number;
  reloads: number;
  requests: number;
  /** Requests that an instance did not answer although it was neither frozen nor stopped. */
  readonly failed: string[];
}

export function createUsage(): Usage {
  return { applied: 0, rejected: 0, unanswered: 0, manual: 0, reloads: 0, requests: 0, failed: [] };
}

/** Sends one command after another until `stop`: runs, pauses, and entries that come and go. */
export async function sendCommands(client: BeatClient, usage: Usage, every: number, stop: AbortSignal): Promise<void> {
  const steps = [
    async () => {
      await client.run(NAMES.manual);
      usage.manual++;
    },
    () => client.pause(NAMES.paused, { reason: 'soak' }),
    () => client.add(NAMES.temporary, { ...defineStored(0), missed: 'once' }),
    () => client.resume(NAMES.paused),
    () => client.update(NAMES.temporary, { args: [usage.applied] }),
    () => client.remove(NAMES.temporary),
  ];
  for (let i = 0; !stop.aborted; i++) {
    await count(usage, steps[i % steps.length]!);
    await pause(every, stop);
  }
}

/** Reloads the configuration again and again; `change` writes its next version. */
export async function reload(
  client: BeatClient,
  usage: Usage,
  { every, change, stop }: { every: number; change: (reloads: number) => void; stop: AbortSignal },
): Promise<void> {
  for (;;) {
    await pause(every, stop);
    if (stop.aborted) return;
    change(usage.reloads + 1);
    await count(usage, async () => {
      await client.reload();
      usage.reloads++;
    });
  }
}

async function count(usage: Usage, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
    usage.applied++;
  } catch (error) {
    if (error instanceof CommandRejectedError) usage.rejected++;
    else usage.unanswered++;
  }
}

/** Pages and paths of the API, which people and programs read. `/metrics` is read with each sample. */
const PATHS = [
  '/',
  '/instances',
  '/audit',
  '/api/status?limit=100',
  '/api/instances',
  `/api/entries/${encodeURIComponent(NAMES.steady(0))}/history`,
  `/api/entries/${encodeURIComponent(NAMES.stored(0))}`,
  '/api/audit',
];
/** Milliseconds. */
const REQUEST_TIMEOUT = 20_000;

/** Reads pages and the API of one instance after the other until `stop`. `urls` are those of the instances that run. */
export async function readPages(
  urls: () => readonly string[],
  usage: Usage,
  { every, stop, isDisturbed }: { every: number; stop: AbortSignal; isDisturbed: (from: number) => boolean },
): Promise<void> {
  for (let i = 0; !stop.aborted; i++) {
    const running = urls();
    const url = running[i % Math.max(1, running.length)];
    const path = PATHS[Math.floor(i / Math.max(1, running.length)) % PATHS.length]!;
    const from = Date.now();
    if (url !== undefined) {
      const error = await get(`${url}${path}`).then(
        () => null,
        (reason: unknown) => String(reason),
      );
      usage.requests++;
      if (error !== null && !isDisturbed(from)) usage.failed.push(`${path}: ${error}`);
    }
    await pause(every, stop);
  }
}

/** Returns the text of the answer. */
export async function get(url: string): Promise<string> {
  const headers = { Authorization: `Bearer ${HOSTILE_TOKEN}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
  const text = await response.text();
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return text;
}

/** Waits for the time, or until `stop`. */
export async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stop }).catch(() => {});
}
