import { Random } from '../chaos/random.ts';
import type { Mutant } from './mutant.ts';

/** Rooms whose folders have scores of their own. */
const DIVIDED = /^src\/(?:celery|drivers|entries|leader|read-models)\//;

/** Returns the room of a source, or its folder in a large room: what its score counts for. */
export function findFolder(file: string): string {
  const depth = DIVIDED.test(file) ? 3 : 2;
  return file
    .split('/')
    .slice(0, depth)
    .join('/')
    .replace(/\/[^/]*\.ts$/, '');
}

/**
 * The mutants of each folder in an order that the seed alone decides: first one of every line, so that a
 * dense line does not crowd out the others, then the second of each, and so on.
 */
export function shuffled(mutants: readonly Mutant[], seed: number): Map<string, Mutant[]> {
  const folders = Map.groupBy(mutants, ({ file }) => findFolder(file));
  return new Map(
    [...folders].map(([folder, within]) => {
      const random = new Random(seed);
      const byLine = Map.groupBy(within, ({ file, line }) => `${file}:${line}`);
      const lines = shuffle([...byLine.values()], random).map((line) => shuffle(line, random));
      const rounds = Math.max(...lines.map((line) => line.length));
      const order = Array.from({ length: rounds }, (_, i) => lines.flatMap((line) => line[i] ?? []));
      return [folder, order.flat()];
    }),
  );
}

function shuffle<T>(list: readonly T[], random: Random): T[] {
  const shuffled = [...list];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
