import { Random } from '../chaos/random.ts';

/** The format of plans. A plan of another version cannot be repeated: the same numbers mean other things. */
export const PLAN_VERSION = 2;

export type StoreKind = 'exactly-once' | 'outbox';

/** Something that happens to the world, or that a person does. */
export interface Fault {
  /** Milliseconds since the beginning of the simulation. */
  readonly at: number;
  readonly kind: FaultKind;
  /** The instance or host; `LEADER` for the instance that leads then. */
  readonly slot: number;
  /** How long it lasts, or how long a process is gone. Milliseconds. */
  readonly ms: number;
  /** What else the kind needs, such as a probability. */
  readonly value: number;
}

/** Everything that a simulation does follows from its plan. */
export interface Plan {
  readonly version: typeof PLAN_VERSION;
  readonly seed: number;
  /** Simulated hours with faults. */
  readonly hours: number;
  readonly instances: number;
  readonly store: StoreKind;
  readonly faults: readonly Fault[];
}

export const LEADER = -1;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Kind {
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  /** The shortest and the longest duration, milliseconds. */
  readonly ms: readonly [number, number];
  readonly value?: (random: Random) => number;
  readonly store?: StoreKind;
}

const PAUSE = [100, 20 * MINUTE] as const;
const OUTAGE = [100, 10 * MINUTE] as const;

/** What a store has lost when it is back. */
export const LOSSES = ['nothing', 'the last second', 'what its replica did not have', 'everything'] as const;

export const KINDS = {
  /** A process ends at once, and another one starts on its host. */
  kill: { weight: 8, ms: PAUSE },
  /** The same in the middle of its next calls. */
  'die-in-call': { weight: 12, ms: PAUSE, value: (random) => random.size(1, 40) },
  /** The same while one of its next commits is on its way, which arrives when another term has begun. */
  'die-in-commit': { weight: 8, ms: PAUSE },
  /** A process ends as after SIGTERM. */
  stop: { weight: 6, ms: PAUSE },
  /** A process stands still, as after SIGSTOP. */
  freeze: { weight: 12, ms: [100, 3 * HOUR] },
  /** A machine stands still with its monotonic clock. */
  suspend: { weight: 4, ms: [1 * SECOND, 3 * HOUR] },
  /** A wall clock is set wrong, and right again. */
  'set-clock': { weight: 6, ms: OUTAGE, value: (random) => random.pick([-1, 1]) * random.size(100, 6 * HOUR) },
  loss: { weight: 10, ms: OUTAGE, value: (random) => random.size(1, 70) / 100 },
  delay: { weight: 10, ms: OUTAGE, value: (random) => random.size(10, 30 * SECOND) },
  'cut-store': { weight: 8, ms: OUTAGE },
  'cut-broker': { weight: 6, ms: OUTAGE, store: 'outbox' },
  'cut-results': { weight: 2, ms: OUTAGE },
  'crash-store': { weight: 6, ms: [100, 5 * MINUTE], value: (random) => (random.chance(0.4) ? 0 : random.int(1, 3)) },
  'crash-broker': { weight: 4, ms: OUTAGE, store: 'outbox' },
  'drop-queue': { weight: 4, ms: [1 * SECOND, 1 * HOUR], store: 'outbox' },
  'lose-results': { weight: 1, ms: [0, 0] },
  /** The files of a host have another configuration. */
  configure: { weight: 14, ms: [0, 0], value: (random) => random.int(0, 1_000) },
  'break-config': { weight: 2, ms: OUTAGE },
  /** A state as a later release writes it. */
  'later-release': { weight: 2, ms: [0, 0], value: (random) => random.int(0, 1_000) },
  /** Clients send commands, several at once. */
  commands: { weight: 25, ms: [0, 30 * SECOND], value: (random) => random.int(1, 1e9) },
} as const satisfies Readonly<Record<string, Kind>>;

export type FaultKind = keyof typeof KINDS;

export interface PlanOptions {
  readonly seed: number;
  readonly instances?: number | undefined;
  readonly store?: StoreKind | undefined;
}

/** The longest time between two faults, and between two faults of a storm. Milliseconds. */
const QUIET = 40 * MINUTE;
const STORM = 20 * SECOND;

/** Draws a plan: the same for the same seed and options. */
export function drawPlan({ seed, instances, store }: PlanOptions): Plan {
  const random = new Random(seed);
  const drawn = { instances: random.int(2, 4), store: random.pick(['exactly-once', 'outbox'] as const) };
  const kind = store ?? drawn.store;
  const count = instances ?? drawn.instances;
  const hours = random.int(2, 6);
  const among = Object.entries<Kind>(KINDS).filter(([, each]) => each.store === undefined || each.store === kind);
  const faults: Fault[] = [];
  // Storms and quiet times: faults that come together find more than the same number apart.
  for (
    let at = 10 * SECOND;
    at < hours * HOUR;
    at += random.chance(0.8) ? random.size(10, STORM) : random.size(STORM, QUIET)
  ) {
    const [name, { ms, value }] = pickWeighted(random, among);
    faults.push({
      at,
      kind: name as FaultKind,
      slot: random.chance(0.5) ? LEADER : random.int(0, count - 1),
      ms: ms[1] === 0 ? 0 : random.size(Math.max(1, ms[0]), ms[1]),
      value: value?.(random) ?? 0,
    });
  }
  return { version: PLAN_VERSION, seed, hours, instances: count, store: kind, faults };
}

function pickWeighted(random: Random, among: readonly (readonly [string, Kind])[]): readonly [string, Kind] {
  const total = among.reduce((sum, [, { weight }]) => sum + weight, 0);
  let left = random.next() * total;
  for (const each of among) {
    left -= each[1].weight;
    if (left < 0) return each;
  }
  return among.at(-1)!;
}
