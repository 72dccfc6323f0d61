import { resolve } from '../simulation/entries.ts';
import { LEADER, PLAN_VERSION, type Fault, type FaultKind, type StoreKind } from '../simulation/plan.ts';
import { World } from '../simulation/world.ts';
import { BACKEND_CLEANUP } from '../src/config/results/results.ts';
import { decodeAnswer } from '../src/entries/commands/audit.ts';
import type { CommandRequest } from '../src/entries/commands/command.ts';
import { account, type Recorded } from '../src/read-models/history/account.ts';
import { loadRecorded } from '../src/read-models/history/load-history.ts';
import type { EnvironmentType } from './environments/environment.ts';
import type { History, InjectedFault } from './history.ts';
import type { Scenario } from './scenario.ts';

const HOUR = 3_600_000;

/** The servers that a fault of the network or of a server affects. */
type Affected = 'store' | 'broker';

/** What the simulation knows of each fault that chaos injects into the network and into servers. */
const SIMULATED: Readonly<Record<string, (affected: Affected) => Pick<Fault, 'kind' | 'value'>>> = {
  'network cut': (affected) => ({ kind: `cut-${affected}`, value: 0 }),
  'network stalled': (affected) => ({ kind: `cut-${affected}`, value: 0 }),
  'replies lost': () => ({ kind: 'loss', value: 0.7 }),
  'network slow': () => ({ kind: 'delay', value: 400 }),
  'SQS answers 500': (affected) => ({ kind: `crash-${affected}`, value: 0 }),
  'SQS answers 503 after the work': () => ({ kind: 'loss', value: 0.7 }),
  'SQS throttles': (affected) => ({ kind: `crash-${affected}`, value: 0 }),
  'SQS drops answers': () => ({ kind: 'loss', value: 0.7 }),
  'SQS is slow': () => ({ kind: 'delay', value: 700 }),
  'read-locked': (affected) => ({ kind: `crash-${affected}`, value: 0 }),
  'write-locked': (affected) => ({ kind: `crash-${affected}`, value: 0 }),
  restarted: (affected) => ({ kind: `crash-${affected}`, value: 0 }),
  frozen: (affected) => ({ kind: `crash-${affected}`, value: 0 }),
};

const PROCESS_KINDS: ReadonlySet<string> = new Set<FaultKind>(['kill', 'freeze', 'stop']);

/**
 * Plays the faults and commands of a finished run in the simulation, at the same instants, and compares what became of
 * every occurrence and command. Resolves with the differences.
 */
export async function compareWithSimulation(
  { seed, instances, entries, commands }: Scenario,
  history: History,
  { mayRepeat }: Pick<EnvironmentType, 'mayRepeat'>,
): Promise<readonly string[]> {
  // Broker and state of an environment are one store unless a run may be published again.
  const store = mayRepeat ? 'outbox' : 'exactly-once';
  const epoch = Math.min(
    ...history.processes.flatMap(({ log }) => log.slice(0, 1).map(({ time }) => Date.parse(time))),
  );
  const ttl = 1_000;
  const settings = resolve(entries, { store, hasResults: history.tasks.size > 0, ttl, zone: 'UTC' });
  const faults = history.faults.flatMap((fault) => toSimulated(fault, { epoch, instances, store }));
  const hours = (history.healedAt - epoch) / HOUR;
  const world = new World(
    { version: PLAN_VERSION, seed, hours, instances, store, faults: faults.toSorted((a, b) => a.at - b.at) },
    { setting: { epoch, ttl, versions: [settings], history: { limit: 100_000, maxAge: HOUR }, hasDrift: false } },
  );
  // One after the other, as in the run.
  let sending = Promise.resolve();
  for (const [i, { at, times }] of commands.entries()) {
    const { id, fields } = history.commands[i]!;
    const send = () => world.send(fields as CommandRequest, { id, wait: 0, repeats: true });
    world.loop.after(history.startedAt + at - epoch, () => {
      for (let left = times; left > 0; left--) sending = sending.then(send);
    });
  }
  const { violations } = await world.run();
  const source = { store: world.store, entries: settings.entries, definitions: settings.definitions };
  const simulated = new Map<string, Recorded>();
  for await (const loaded of loadRecorded(source, world.store.history, [], -Infinity)) {
    if (loaded.kind !== 'unreadable') simulated.set(loaded.recorded.entry.name, loaded.recorded);
  }
  const audited = await world.store.commands.findAudit(history.commands.map(({ id }) => id));
  const statuses = new Map([...audited].map(([id, json]) => [id, decodeAnswer({ id, json })?.status]));
  return [
    ...violations.map(({ rule, text }) => `the simulation breaks the rule "${rule}": ${text}`),
    ...compareCommands(history, statuses),
    ...history.recorded
      // Only a database as result backend has the entry that removes old results.
      .filter(({ entry }) => entry.name !== BACKEND_CLEANUP)
      .flatMap((real) => compareEntry(real, simulated.get(real.entry.name), history.healedAt)),
  ];
}

function toSimulated(
  { kind, slot, from, to }: InjectedFault,
  { epoch, instances, store }: { readonly epoch: number; readonly instances: number; readonly store: StoreKind },
): readonly Fault[] {
  const at = from - epoch;
  const ms = Math.max(1, to - from);
  if (PROCESS_KINDS.has(kind)) return [{ at, kind: kind as FaultKind, slot: slot!, ms, value: 0 }];
  if (kind === 'deploy') {
    const each = ms / instances;
    return Array.from({ length: instances }, (_, i) => ({
      at: at + i * each,
      kind: 'stop',
      slot: i,
      ms: 100,
      value: 0,
    }));
  }
  const isBroker = store === 'outbox' && !kind.startsWith('ledger');
  const simulate = SIMULATED[kind] ?? SIMULATED[kind.split(' ').at(-1)!];
  if (!simulate) throw new Error(`the simulation has no fault "${kind}"`);
  return [{ at, slot: slot ?? LEADER, ms, ...simulate(isBroker ? 'broker' : 'store') }];
}

/** Whether these are rejected depends on instants: when a pause is over, and which occurrences an interval has. */
const OF_AN_INSTANT = new Set<unknown>(['pause', 'resume', 'backfill']);

function compareCommands({ commands }: History, statuses: ReadonlyMap<string, string | undefined>): readonly string[] {
  return commands.flatMap(({ id, fields, answer }) => {
    const simulated = statuses.get(id) ?? 'unanswered';
    const real = answer?.status ?? 'unanswered';
    const isEqual = real === simulated || (simulated !== 'unanswered' && OF_AN_INSTANT.has(fields['do']));
    return isEqual ? [] : [`${id} ${JSON.stringify(fields)}: ${real}, in the simulation ${simulated}`];
  });
}

/** The phase of an interval depends on when its entry was added, so the two may differ by an occurrence at each end. */
function compareEntry(real: Recorded, simulated: Recorded | undefined, until: number): readonly string[] {
  const { name } = real.entry;
  if (!real.state) return [`${name}: has no state`];
  if (!simulated?.state) return [`${name}: does not exist in the simulation`];
  const from = Math.max(real.state.anchor, simulated.state.anchor) + 1;
  const [inReality, inSimulation] = [real, simulated].map((each) => {
    const counts = { accounted: 0, other: [] as string[] };
    for (const { dueAt, account: of } of account(each, { from, to: until, now: until })) {
      if (of.kind === 'published' || of.kind === 'skipped') counts.accounted += 1;
      else counts.other.push(`${name} ${new Date(dueAt).toISOString()}: ${of.kind}`);
    }
    return counts;
  });
  const differs = Math.abs(inReality!.accounted - inSimulation!.accounted) > 2;
  return [
    ...inReality!.other,
    ...inSimulation!.other.map((each) => `${each} in the simulation`),
    ...(differs ? [`${name}: ${inReality!.accounted} occurrences, in the simulation ${inSimulation!.accounted}`] : []),
  ];
}
