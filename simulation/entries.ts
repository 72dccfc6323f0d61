import { Random } from '../chaos/random.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import type { Settings } from '../src/config/settings.ts';
import type { CommandRequest } from '../src/entries/commands/command.ts';
import { DEFAULT_HISTORY, type HistoryLimits } from '../src/contracts/store/history.ts';
import type { BeatConfig, EntryConfig } from '../src/generated/config-types.ts';
import { formatIso } from '../src/util/format-iso.ts';
import type { StoreKind } from './plan.ts';

/** Instants from which simulations begin: before changes of clocks, the end of a year, and on an ordinary day. */
const EPOCHS = [
  '2027-03-27T22:00Z',
  '2027-10-30T22:30Z',
  '2027-12-31T20:00Z',
  '2028-02-28T21:00Z',
  '2027-06-15T09:00Z',
];

const ZONES = ['Europe/Berlin', 'America/New_York', 'UTC', 'Australia/Lord_Howe'] as const;

/** Versions of the configuration that hosts may have. */
const VERSIONS = 4;

export const TTLS = [20_000, 60_000, 120_000, 240_000, 300_000] as const;

/** What stays the same during a simulation, whichever faults it has. */
export interface Setting {
  /** Epoch milliseconds. */
  readonly epoch: number;
  readonly ttl: number;
  /** The configurations; the first is the one that all hosts begin with. */
  readonly versions: readonly Settings[];
  readonly history: HistoryLimits;
  /** Whether the clocks of hosts may be wrong, and drift. */
  readonly hasDrift: boolean;
}

export function drawSetting(seed: number, store: StoreKind): Setting {
  const random = new Random(seed ^ 0x5e771);
  const epoch = Date.parse(random.pick(EPOCHS)) + random.int(0, 3_599_999);
  const ttl = random.pick(TTLS);
  const zone = random.pick(ZONES);
  const names = Array.from({ length: random.int(5, 9) }, (_, i) => `declared ${i}`);
  // Only with a result backend may entries limit overlap.
  const hasResults = random.chance(0.7);
  const limited = hasResults ? drawLimited(random) : [];
  const entries = Object.fromEntries([...names.map((name) => [name, drawEntry(random)] as const), ...limited]);
  const versions = Array.from({ length: VERSIONS }, (_, version): Settings => {
    const own = Object.entries(entries).flatMap(([name, entry]): [string, EntryConfig][] => {
      if (version > 0 && random.chance(0.15)) return [];
      if (version > 0 && random.chance(0.15)) return [[name, { ...entry, ...drawSchedule(random) }]];
      if (version > 0 && random.chance(0.1)) return [[name, { ...entry, enabled: false }]];
      return [[name, entry]];
    });
    return resolve(Object.fromEntries(own), { store, hasResults, ttl, zone });
  });
  return { epoch, ttl, versions, history: DEFAULT_HISTORY, hasDrift: true };
}

/** Settings for servers of the simulation. */
export function resolve(
  beatSchedule: NonNullable<BeatConfig['beatSchedule']>,
  given: { readonly store: StoreKind; readonly hasResults: boolean; readonly ttl: number; readonly zone: string },
): Settings {
  const { store, hasResults, ttl, zone } = given;
  const urls =
    store === 'outbox'
      ? { brokerUrl: 'amqp://simulated', stateUrl: 'redis://simulated' }
      : { brokerUrl: 'redis://simulated' };
  return resolveSettings({
    ...urls,
    ...(hasResults && { resultBackend: 'redis://results' }),
    timezone: zone,
    lock: { ttl: `${ttl}ms` },
    beatSchedule,
  });
}

function drawSchedule(random: Random): Pick<EntryConfig, 'schedule'> {
  const minutes = random.pick(['*', '*/5', '*/10', '7,8,9', '0', '30']);
  return {
    schedule: random.pick([
      { timedelta: { seconds: random.size(30, 1_800) } },
      { timedelta: { minutes: random.size(2, 200) } },
      { crontab: { minute: minutes } },
      { crontab: { minute: '*/10', hour: '1-4' } },
      { crontab: { minute: 30, hour: 2 } },
      { cron: `${random.int(0, 59)} * * * *` },
    ]),
  };
}

function drawPolicy(random: Random): Omit<EntryConfig, 'task' | 'schedule'> {
  const missed = random.pick(['once', 'skip', 'all'] as const);
  return {
    missed,
    ...(missed === 'all' && { maxCatchUp: random.size(1, 300) }),
    ...(random.chance(0.2) && { startingDeadline: random.size(1, 1_800) }),
  };
}

function drawEntry(random: Random): EntryConfig {
  return { task: 'tasks.simulated', ...drawSchedule(random), ...drawPolicy(random) };
}

/** Entries that limit overlap. Their policy is the same in all versions. */
function drawLimited(random: Random): [string, EntryConfig][] {
  return (['skip', 'queue', 'cancel'] as const).map((overlap) => [
    `overlap ${overlap}`,
    {
      task: 'tasks.limited',
      schedule: { timedelta: { seconds: random.size(120, 1_800) } },
      missed: random.pick(['once', 'skip', 'all'] as const),
      overlap,
      maxRuntime: random.size(60, 600),
    },
  ]);
}

const STORED = ['stored 0', 'stored 1', 'stored 2', 'stored 3'] as const;

/** The name of an entry that a person may have in mind. */
export function drawName(random: Random, settings: Settings): string {
  const declared = settings.entries.map(({ name }) => name);
  return random.chance(0.5) ? random.pick(STORED) : random.pick([...declared, 'no such entry']);
}

/** A command about an entry that a person sends at `now`, epoch milliseconds. */
export function drawCommand(random: Random, entry: string, now: number): CommandRequest {
  // A stored entry may have the name of one that another version of the configuration declares, but not its limit.
  const stored = random.chance(0.8) || entry.startsWith('overlap') ? random.pick(STORED) : entry;
  const at = (ms: number) => formatIso(now + ms);
  const kind = random.pick([
    'pause',
    'resume',
    'run',
    'run',
    'skip',
    'skip',
    'backfill',
    'add',
    'add',
    'update',
    'remove',
    'reload',
    'reload',
  ] as const);
  switch (kind) {
    case 'pause':
      return { do: 'pause', entry, ...(random.chance(0.8) && { until: at(random.size(1_000, 3_600_000)) }) };
    case 'backfill': {
      const to = random.size(1_000, 7_200_000);
      return { do: 'backfill', entry, from: at(-to - random.size(1_000, 7_200_000)), to: at(-to) };
    }
    case 'add':
      return { do: 'add', entry: stored, definition: toDefinition(drawEntry(random)) };
    case 'update':
      return { do: 'update', entry: stored, definition: toDefinition(drawSchedule(random)) };
    case 'remove':
      return { do: 'remove', entry: stored };
    case 'reload':
      return { do: 'reload' };
    default:
      return { do: kind, entry };
  }
}

function toDefinition(entry: Partial<EntryConfig>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(entry)) as Readonly<Record<string, unknown>>;
}
