import { Random } from '../chaos/random.ts';
import type { Settings } from '../src/config/settings.ts';
import type { EntryState } from '../src/contracts/store/entry-state.ts';
import type { BrokerServer } from './broker-server.ts';
import { drawName, type Setting } from './entries.ts';
import type { EventLoop } from './event-loop.ts';
import type { RunningInstance } from './instance.ts';
import type { Invariants } from './invariants.ts';
import type { Host } from './machine.ts';
import type { Network, Server } from './network.ts';
import { LOSSES, type Fault, type FaultKind } from './plan.ts';
import type { StoreServer } from './store-server.ts';
import type { Workers } from './workers.ts';

/** A host of an instance, with the files and the process that it has now. */
export interface Slot {
  readonly host: Host;
  settings: Settings;
  /** Counts the changes of the files. */
  filesVersion: number;
  isConfigBroken: boolean;
  instance: RunningInstance | null;
}

/** The parts of a world that faults act on. */
export interface Injectable {
  readonly loop: EventLoop;
  readonly network: Network;
  readonly store: StoreServer;
  readonly broker: BrokerServer | null;
  readonly workers: Workers;
  readonly invariants: Invariants;
  readonly setting: Setting;
  readonly slots: readonly Slot[];
  /** The number of the host with the instance that leads, or another one with a process. */
  findSlot(slot: number): number;
  start(slot: number): void;
  kill(slot: number, restartAfter: number): void;
  /** Copies the store; the answer goes back to the copy. */
  snapshot(): () => void;
  sendCommand(random: Random, entry?: string): void;
  note(who: string, what: string, value?: number, describe?: () => string): void;
}

type Inject = (world: Injectable, fault: Fault) => void;

/** What each kind of fault does. Every fault ends by itself; at rest the world ends them all. */
export const FAULTS: Readonly<Record<FaultKind, Inject>> = {
  kill: (world, { slot, ms }) => world.kill(world.findSlot(slot), ms),

  'die-in-call': (world, { slot, ms, value }) => {
    const at = world.findSlot(slot);
    const process = world.slots[at]!.instance?.process;
    if (!process || process.isDead) return;
    process.callsToLive = value;
    process.onDeath(() => world.loop.after(ms, () => world.start(at)));
  },

  'die-in-commit': (world, { slot, ms }) => {
    const at = world.findSlot(slot);
    const process = world.slots[at]!.instance?.process;
    if (!process || process.isDead) return;
    process.holdsCommit = true;
    process.onDeath(() => world.loop.after(ms, () => world.start(at)));
  },

  stop: (world, { slot, ms }) => {
    const at = world.findSlot(slot);
    const { instance } = world.slots[at]!;
    if (!instance || instance.process.isDead) return;
    world.note(instance.process.name, 'receives SIGTERM');
    instance.process.onDeath(() => world.loop.after(ms, () => world.start(at)));
    instance.stop();
  },

  freeze: (world, { slot, ms }) => {
    const process = world.slots[world.findSlot(slot)]!.instance?.process;
    if (process?.state !== 'running') return;
    world.note(process.name, 'is frozen', ms, () => `is frozen for ${ms} ms`);
    process.freeze();
    world.loop.after(ms, () => {
      world.note(process.name, 'is thawed');
      process.thaw();
    });
  },

  suspend: (world, { slot, ms }) => {
    const { host, instance } = world.slots[world.findSlot(slot)]!;
    const process = instance?.process;
    if (process?.state !== 'running') return;
    world.note(process.name, 'is suspended', ms, () => `its machine is suspended for ${ms} ms`);
    process.freeze();
    const since = world.loop.now;
    world.loop.after(ms, () => {
      // At rest the process may have been thawed already.
      if (process.state !== 'frozen') return;
      host.resumeAfter(world.loop.now - since);
      world.note(process.name, 'is resumed');
      process.thaw();
    });
  },

  'set-clock': (world, { slot, ms, value }) => {
    const { host } = world.slots[world.findSlot(slot)]!;
    world.note(host.name, 'clock is set', value, () => `its clock is set by ${value} ms`);
    host.jump(value);
    world.loop.after(ms, () => {
      world.note(host.name, 'clock is right again');
      world.invariants.clockShows(host.now());
      host.synchronize();
    });
  },

  loss: (world, { slot, ms, value }) => weather(world, { slot, ms, loss: value, delay: 0 }),
  delay: (world, { slot, ms, value }) => weather(world, { slot, ms, loss: 0, delay: value }),

  'cut-store': (world, { slot, ms }) => cut(world, { slot, ms, server: world.store }),
  'cut-broker': (world, { slot, ms }) => cut(world, { slot, ms, server: world.broker! }),
  'cut-results': (world, { slot, ms }) => cut(world, { slot, ms, server: world.workers }),

  'crash-store': (world, { ms, value }) => {
    const loss = LOSSES[value]!;
    const lag = {
      nothing: 0,
      'the last second': 1_000,
      'what its replica did not have': 5_000 + (ms % 40_000),
      everything: 0,
    }[loss];
    // What a disk or a replica has is what the store had some time before it crashes.
    const restore =
      loss === 'nothing'
        ? null
        : loss === 'everything'
          ? () => {
              world.store.restore(null);
              world.invariants.restore(null);
            }
          : world.snapshot();
    world.loop.after(lag, () => {
      if (!world.store.isUp) return;
      world.note('store', 'crashes', value, () => `crashes for ${ms} ms, and loses ${loss}`);
      world.store.isUp = false;
      world.network.disconnect(world.store);
      restore?.();
      world.loop.after(ms, () => {
        world.note('store', 'is back');
        world.store.isUp = true;
      });
    });
  },

  'crash-broker': (world, { ms }) => {
    const broker = world.broker!;
    world.note('broker', 'is down', ms, () => `is down for ${ms} ms`);
    broker.isUp = false;
    world.loop.after(ms, () => (broker.isUp = true));
  },

  'drop-queue': (world, { ms }) => {
    const broker = world.broker!;
    world.note('broker', 'queue is gone', ms, () => `its queue is gone for ${ms} ms`);
    broker.hasQueue = false;
    world.loop.after(ms, () => (broker.hasQueue = true));
  },

  'lose-results': (world) => world.workers.lose(),

  configure: (world, { slot, value }) => {
    const here = world.slots[world.findSlot(slot)]!;
    const { versions } = world.setting;
    here.settings = versions[value % versions.length]!;
    here.filesVersion += 1;
    world.note(here.host.name, 'is configured', value % versions.length);
  },

  'break-config': (world, { slot, ms }) => {
    const here = world.slots[world.findSlot(slot)]!;
    here.isConfigBroken = true;
    here.filesVersion += 1;
    world.note(here.host.name, 'configuration is broken');
    world.loop.after(ms, () => {
      here.isConfigBroken = false;
      here.filesVersion += 1;
    });
  },

  'later-release': (world, { value }) => {
    const { entries } = world.store.state;
    const row = [...entries.values()][value % Math.max(1, entries.size)];
    if (!row?.state) return;
    const state = JSON.parse(row.state) as EntryState;
    const later = { ...state, version: state.version + 1, rev: state.rev + 1, later: { value } };
    world.note('store', 'has a state of a later release', 0, () => `has a state of ${row.entry} of a later release`);
    entries.set(row.entry, { ...row, state: JSON.stringify(later) });
  },

  commands: (world, { ms, value }) => {
    const random = new Random(value);
    const count = random.size(1, 8);
    // Several commands about one entry find more than as many about several.
    const entry = random.chance(0.5) ? drawName(random, world.slots[0]!.settings) : undefined;
    for (let i = 0; i < count; i++) world.loop.after(random.int(0, ms), () => world.sendCommand(random, entry));
  },
};

function weather(
  world: Injectable,
  {
    slot,
    ms,
    loss,
    delay,
  }: { readonly slot: number; readonly ms: number; readonly loss: number; readonly delay: number },
): void {
  const { host } = world.slots[world.findSlot(slot)]!;
  const what =
    loss > 0 ? `loses ${Math.round(loss * 100)} % of its packets` : `packets are delayed by up to ${delay} ms`;
  world.note(host.name, 'weather', ms, () => `${what} for ${ms} ms`);
  world.network.setWeather(host, { loss, delay });
  world.loop.after(ms, () => world.network.setWeather(host, null));
}

function cut(
  world: Injectable,
  {
    slot,
    ms,
    server,
  }: {
    readonly slot: number;
    readonly ms: number;
    readonly server: Server;
  },
): void {
  const { host } = world.slots[world.findSlot(slot)]!;
  world.note(host.name, 'is cut off', ms, () => `is cut off from ${server.name} for ${ms} ms`);
  world.network.cut(host, server);
  world.network.disconnect(server);
  world.loop.after(ms, () => world.network.mend(host, server));
}
