import type { OverlapPolicy } from '../src/entries/catalog/entry.ts';
import type { EntryConfig } from '../src/generated/config-types.ts';
import { generateCommands, type PlannedCommand } from './commands.ts';
import { shuffleHostileInputs } from './hostile-faults.ts';
import { generateLimitedEntries } from './limited-entries.ts';
import { Random } from './random.ts';

/** A planned fault. */
export interface Fault {
  /** Milliseconds after the start of the run. */
  readonly at: number;
  readonly kind: string;
  /** A slot of the cluster, or the instance that leads at that time. */
  readonly target: number | 'leader';
  /** Milliseconds. */
  readonly duration: number;
}

/** Every random choice of a run, made before it starts. */
export interface Scenario {
  readonly seed: number;
  readonly instances: number;
  readonly entries: Readonly<Record<string, EntryConfig>>;
  /** In order of time. */
  readonly faults: readonly Fault[];
  /** In order of time. */
  readonly commands: readonly PlannedCommand[];
  /** The hostile inputs that are sent when all faults are healed, in that order. Some are faults as well. */
  readonly hostile: readonly string[];
}

/** The shortest and the longest duration of each kind of fault, in milliseconds. */
export type FaultDurations = Readonly<Record<string, readonly [number, number]>>;

export interface ScenarioOptions {
  readonly faults: FaultDurations;
  /** The policies of entries whose runs must not overlap. */
  readonly overlap: readonly OverlapPolicy[];
  /** Whether hostile inputs are sent. */
  readonly hostile: boolean;
  /** The shortest and the longest time from the first fault to the last, in milliseconds. */
  readonly length: readonly [number, number];
}

/** The queues that entries publish to. */
export const QUEUES = ['celery', 'mail'] as const;

/** The pause between the starts of two faults, in milliseconds. After a short one they overlap. */
const PAUSE = [100, 2_500] as const;

/** The prefix of kinds of faults that send a hostile input. */
export const HOSTILE = 'hostile ';

/** How many of the hostile inputs are sent while other faults are injected. */
const HOSTILE_FAULTS = 2;

export function generateScenario(seed: number, options: ScenarioOptions): Scenario {
  const random = new Random(seed);
  const instances = random.int(2, 3);
  const entries: Record<string, EntryConfig> = generateLimitedEntries(seed, options.overlap);
  const count = random.int(4, 10);
  for (let i = 0; i < count; i++) entries[`entry ${i}`] = generateEntry(random, i);
  const faults: Fault[] = [];
  const end = random.int(...options.length);
  for (let at = random.int(0, 500); at < end; at += random.int(...PAUSE)) {
    const kind = random.pick(Object.keys(options.faults));
    const target = random.chance(0.7) ? 'leader' : random.int(0, instances - 1);
    faults.push({ at, kind, target, duration: random.int(...options.faults[kind]!) });
  }
  const hostile = options.hostile ? shuffleHostileInputs(seed) : [];
  const during = hostile
    .slice(0, HOSTILE_FAULTS)
    .map((name, i) => ({
      at: Math.round(((i + 0.5) * end) / HOSTILE_FAULTS),
      kind: `${HOSTILE}${name}`,
      target: 'leader' as const,
      duration: 0,
    }));
  const commands = generateCommands(seed, { entries, end, createEntry: generateEntry });
  const all = [...faults, ...during].toSorted((a, b) => a.at - b.at);
  return { seed, instances, entries, faults: all, commands, hostile };
}

function generateEntry(random: Random, i: number): EntryConfig {
  return {
    task: 'tasks.note',
    // The first entry is frequent and catches up every run, so that every fault affects some run.
    schedule: i === 0 ? '200ms' : generateSchedule(random),
    missed: i === 0 ? 'all' : random.pick(['once', 'skip', 'all']),
    ...(i > 0 && random.chance(0.3) ? { startingDeadline: random.size(300, 5_000) / 1_000 } : {}),
    options: { queue: random.pick(QUEUES) },
  };
}

function generateSchedule(random: Random): EntryConfig['schedule'] {
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
