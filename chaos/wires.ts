import { setTimeout as delay } from 'node:timers/promises';
import type { Proxy } from '../test/support/proxy.ts';
import type { Kinds } from './scenario.ts';

/** How long what happens to a wire may last, milliseconds. */
export const WIRE_KINDS = {
  'network cut': [200, 3_500],
  'held up': [200, 3_500],
  'answers lost': [100, 1_500],
  slow: [500, 3_000],
} as const satisfies Kinds;

/** What can happen between one beat and its broker. Resolves when it is over. */
export const TO_WIRE: Readonly<Record<string, (wire: Proxy, lasts: number) => Promise<void>>> = {
  'network cut': async (wire, lasts) => {
    wire.refuse();
    await delay(lasts);
    wire.accept();
  },
  'held up': async (wire, lasts) => {
    wire.stall();
    await delay(lasts);
    wire.flow();
  },
  'answers lost': async (wire, lasts) => {
    void wire.swallowAnswers();
    await delay(lasts);
    wire.cut();
  },
  slow: async (wire, lasts) => {
    // From hardly felt to longer than an answer is waited for.
    wire.latency = 20 + (lasts % 700);
    await delay(lasts);
    wire.latency = 0;
  },
};

/** A server that can be taken away and come back. */
export interface Server {
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** The plug is pulled for a while. */
export async function restart(server: Server, lasts: number): Promise<void> {
  await server.kill();
  await delay(lasts);
  await server.start();
}

/** It stands still for a while, with every connection open. */
export async function freeze(server: Server, lasts: number): Promise<void> {
  server.freeze();
  await delay(lasts);
  server.thaw();
}
