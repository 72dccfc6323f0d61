import { setTimeout as delay } from 'node:timers/promises';
import type { Crew } from './crew.ts';
import type { Kinds } from './scenario.ts';

/** How long each lasts, milliseconds: until there is another process in the place, or it thaws. */
export const KINDS: Kinds = {
  kill: [0, 1_500],
  freeze: [200, 3_500],
  stop: [0, 1_000],
  deploy: [0, 300],
};

/** What can be done to a process, wherever it runs; each leaves one that runs in its place. */
export const BLOWS: Readonly<
  Record<string, (crew: Crew, slot: number, lasts: number) => Promise<void>>
> = {
  async kill(crew, slot, lasts) {
    await crew.kill(slot);
    await delay(lasts);
    crew.start(slot);
  },

  async freeze(crew, slot, lasts) {
    const { beat } = crew.at(slot);
    beat.freeze();
    await delay(lasts);
    beat.thaw();
  },

  async stop(crew, slot, lasts) {
    await crew.stop(slot);
    await delay(lasts);
    crew.start(slot);
  },

  /** Every beat is replaced, one by one, as soon as the one before it runs. */
  async deploy(crew, _slot, lasts) {
    for (let slot = 0; slot < crew.size; slot++) {
      await crew.stop(slot);
      await delay(lasts);
      crew.start(slot);
      const { beat } = crew.at(slot);
      await beat.log.until('a role', () => beat.role);
    }
  },
};
