import type { EntryConfig } from '../src/config/define/entry.ts';
import { Random } from './random.ts';

/** Something bad, at an instant, for a while. */
export interface Blow {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly kind: string;
  /** Whom it hits: a place in the crew, or whoever leads then. */
  readonly whom: number | 'leader';
  /** Milliseconds. */
  readonly lasts: number;
}

/** Everything about a run that chance decides, decided beforehand. */
export interface Scenario {
  readonly seed: number;
  readonly beats: number;
  readonly entries: Readonly<Record<string, EntryConfig>>;
  /** In the order of time. */
  readonly blows: readonly Blow[];
}

/** How long a kind of blow may last, milliseconds: from and to. */
export type Kinds = Readonly<Record<string, readonly [number, number]>>;

export interface ScenarioOptions {
  readonly kinds: Kinds;
  /** From the first blow to the last, milliseconds: from and to. */
  readonly length: readonly [number, number];
}

/** The queues that entries send to. */
export const QUEUES = ['celery', 'mail'] as const;

/** Pauses between two blows, milliseconds. A short one makes them overlap. */
const PAUSE = [100, 2_500] as const;

export function scenarioOf(seed: number, { kinds, length }: ScenarioOptions): Scenario {
  const random = new Random(seed);
  const beats = random.int(2, 3);
  const entries: Record<string, EntryConfig> = {};
  const count = random.int(4, 10);
  for (let i = 0; i < count; i++) entries[`entry ${i}`] = entryOf(random, i);
  const blows: Blow[] = [];
  const end = random.int(...length);
  for (let at = random.int(0, 500); at < end; at += random.int(...PAUSE)) {
    const kind = random.pick(Object.keys(kinds));
    const whom = random.chance(0.7) ? 'leader' : random.int(0, beats - 1);
    blows.push({ at, kind, whom, lasts: random.int(...kinds[kind]!) });
  }
  return { seed, beats, entries, blows };
}

function entryOf(random: Random, i: number): EntryConfig {
  return {
    task: 'tasks.note',
    // The first is quick and owes everything: whatever happens, it leaves a trace.
    schedule: i === 0 ? '200ms' : scheduleOf(random),
    missed: i === 0 ? 'all' : random.pick(['once', 'skip', 'all']),
    ...(i > 0 && random.chance(0.3) ? { startingDeadline: random.size(300, 5_000) / 1_000 } : {}),
    options: { queue: random.pick(QUEUES) },
  };
}

function scheduleOf(random: Random): EntryConfig['schedule'] {
  switch (random.int(0, 3)) {
    case 0:
      return { cron: `*/${random.int(1, 20)} * * * * *` };
    case 1: {
      const seconds = Array.from({ length: random.int(1, 8) }, () => random.int(0, 59));
      return { cron: `${seconds.join(',')} * * * * *`, timezone: 'Europe/Oslo' };
    }
    default:
      return { timedelta: { milliseconds: random.size(200, 60_000) } };
  }
}
