import { Random } from '../chaos/random.ts';
import { sendCommand } from '../src/client/send-command.ts';
import type { EntryState } from '../src/contracts/store/entry-state.ts';
import type { CommandRequest } from '../src/entries/commands/command.ts';
import type { Entry } from '../src/entries/catalog/entry.ts';
import type { Definition } from '../src/entries/catalog/definition.ts';
import type { Schedule } from '../src/schedule/schedule.ts';
import { BeatError, ConfigError } from '../src/util/errors.ts';
import { formatIso } from '../src/util/format-iso.ts';
import { TermEnded } from '../src/leader/scheduling/term.ts';
import { BrokerServer } from './broker-server.ts';
import { connectStore } from './connect.ts';
import { drawCommand, drawName, drawSetting, type Setting } from './entries.ts';
import { EventLoop } from './event-loop.ts';
import { FAULTS, type Injectable, type Slot } from './faults.ts';
import { startInstance, type RunningInstance } from './instance.ts';
import { Invariants, type Violation } from './invariants.ts';
import { Host, Process } from './machine.ts';
import { Network } from './network.ts';
import { LEADER, type Plan } from './plan.ts';
import { StoreServer, type StoreSnapshot } from './store-server.ts';
import { Trace, type TraceLine } from './trace.ts';
import { Workers } from './workers.ts';

const HOUR = 3_600_000;

/** How long the world is left alone after the last fault, beside four times the lock's TTL. Milliseconds. */
const REST = 240_000;

/** How long an instance may take to stop. Milliseconds. */
const STOP_WITHIN = 10_000;

/** How late an occurrence may be published at rest. Milliseconds. */
const LATE = 5_000;

/** When a client sends a command again that did not reach the store. Milliseconds. */
const REPEAT_AFTER = 100;

const NEVER = new AbortController().signal;

/** The most timers and calls that an instance has open at rest. */
const MOST_OPEN = 25;

export interface Result {
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<
    Record<'commits' | 'published' | 'skipped' | 'commands' | 'terms' | 'faults' | 'steps', number>
  >;
  /** Simulated hours. */
  readonly hours: number;
  readonly lines: readonly TraceLine[] | null;
}

interface Sending {
  readonly id: string;
  /** How long the client waits for the answer, milliseconds. */
  readonly wait: number;
  readonly repeats?: boolean;
}

/** One simulated world: hosts with instances, a store, a broker, workers, and the faults of a plan. */
export class World implements Injectable {
  readonly loop = new EventLoop();
  readonly trace: Trace;
  readonly network: Network;
  readonly store: StoreServer;
  readonly broker: BrokerServer | null;
  readonly workers: Workers;
  readonly invariants: Invariants;
  readonly slots: readonly Slot[];
  readonly setting: Setting;
  readonly plan: Plan;
  readonly #clients: Process;
  readonly #schedules = new Map<string, Schedule>();
  readonly #declared: ReadonlyMap<string, Entry>;
  /** By definition. */
  readonly #stored = new Map<string, Entry>();
  #started = 0;
  #isResting = false;
  #isEnding = false;
  #commandsUnderWay = 0;

  /** Draws the setting from the seed unless given. */
  constructor(plan: Plan, { recordsLines = false, setting = drawSetting(plan.seed, plan.store) } = {}) {
    this.plan = plan;
    const { loop } = this;
    const random = new Random(plan.seed ^ 0xa11ce);
    this.trace = new Trace(recordsLines);
    this.setting = setting;
    const { epoch, ttl, versions, history, hasDrift } = setting;
    const declared = versions.flatMap(({ entries }) => entries);
    for (const entry of declared) this.#learn(entry);
    this.#declared = new Map(declared.map((entry) => [entry.name, entry]));
    this.network = new Network(loop, new Random(plan.seed ^ 0x4e7), this.trace, Math.min(5_000, ttl / 2));
    this.store = new StoreServer(new Host('store', loop, { epoch }), ttl, history);
    this.workers = new Workers(loop, new Random(plan.seed ^ 0x303), new Host('worker', loop, { epoch }));
    this.broker =
      plan.store === 'outbox'
        ? new BrokerServer((message) => {
            this.invariants.receive(message);
            this.workers.receive(message);
          })
        : null;
    this.invariants = new Invariants({
      loop,
      trace: this.trace,
      store: this.store,
      lockTtl: ttl,
      findSchedule: (spec) => this.#schedules.get(spec),
      findPromised: (name) => this.#findPromised(name),
      hasEnded: (taskId) => this.workers.hasEnded(taskId),
      published: (message) => this.workers.receive(message),
    });
    this.network.onSpin = ({ name }) => this.invariants.report('calm', `${name} makes 1,000 calls within a second`);
    this.slots = Array.from({ length: plan.instances }, (_, i): Slot => ({
      host: new Host(`host ${i}`, loop, {
        epoch,
        ...(hasDrift && {
          rate: 1 + (random.next() - 0.5) / 500,
          skew: random.chance(0.3) ? random.int(-2_000, 2_000) : random.int(-20, 20),
        }),
      }),
      settings: versions[0]!,
      filesVersion: 0,
      isConfigBroken: false,
      instance: null,
    }));
    this.#clients = new Process('client', new Host('desk', loop, { epoch }), loop);
  }

  /** Runs the plan to its end, or to the first violation. */
  async run(): Promise<Result> {
    const { loop, plan, invariants } = this;
    const isOver = () => invariants.isBroken;
    for (const [i] of this.slots.entries()) loop.after(i * 700, () => this.start(i));
    for (const fault of plan.faults) loop.after(fault.at, () => this.#begin(fault));
    await loop.run(plan.hours * HOUR, isOver);
    if (!isOver()) await this.#rest(isOver);
    if (!isOver()) await this.#stopAll(isOver);
    for (const { instance } of this.slots) instance?.process.kill();
    this.#clients.kill();
    const { counts } = invariants;
    return {
      hash: this.trace.hash,
      violations: invariants.violations,
      counts: { ...counts, faults: plan.faults.length + this.network.disturbed, steps: loop.steps },
      hours: loop.now / HOUR,
      lines: this.trace.lines,
    };
  }

  /** The number of the host with the instance that leads, or another one with a process. */
  findSlot(slot: number): number {
    if (slot !== LEADER) return slot % this.slots.length;
    const terms = this.slots.map(({ instance }) => (instance && !instance.process.isDead ? (instance.term ?? 0) : -1));
    return terms.indexOf(Math.max(...terms));
  }

  /** Starts an instance on a host without one, unless its configuration is broken: then the process ends at once. */
  start(slot: number): void {
    const here = this.slots[slot]!;
    if (this.#isEnding || (here.instance && !here.instance.process.isDead)) return;
    if (here.isConfigBroken) {
      this.loop.after(10_000, () => this.start(slot));
      return;
    }
    this.#started += 1;
    const process = new Process(`beat ${slot}.${this.#started}`, here.host, this.loop);
    this.note(process.name, 'starts');
    const { network, store, invariants, workers, broker } = this;
    let readVersion = here.filesVersion;
    const instance = startInstance({
      process,
      network,
      store,
      invariants,
      workers,
      broker,
      settings: here.settings,
      seed: (this.plan.seed * 1_000 + this.#started) >>> 0,
      source: {
        hasChanged: () => Promise.resolve(here.filesVersion !== readVersion),
        read: () => {
          readVersion = here.filesVersion;
          if (here.isConfigBroken) return Promise.reject(new ConfigError('the file is not valid'));
          return Promise.resolve(here.settings);
        },
      },
    });
    here.instance = instance;
    const { events } = instance;
    events.on('leading', ({ term }) => this.note(process.name, 'leads', term));
    events.on('following', ({ reason }) => this.note(process.name, 'follows', 0, () => `follows: ${reason}`));
    events.on('failure', ({ operation, error }) => {
      this.note(process.name, 'failure', 0, () => `failure: ${operation.kind}: ${String(error)}`);
      if (!(error instanceof BeatError || error instanceof TermEnded)) {
        invariants.report('crash', `${process.name}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      }
    });
    instance.stopped.then(
      () => {
        this.note(process.name, 'has stopped');
        // A call without an answer ends with the process; a timer would hold it up.
        if (process.timers > 0)
          invariants.report('no-leak', `${process.name} has stopped with ${process.timers} timers`);
        process.kill();
      },
      (error: unknown) => invariants.report('crash', `${process.name}: ${String(error)}`),
    );
  }

  /** Ends the process of a host. Another one starts after a time, in milliseconds. */
  kill(slot: number, restartAfter: number): void {
    const process = this.slots[slot]!.instance?.process;
    if (!process || process.isDead) return;
    this.note(process.name, 'is killed');
    process.kill();
    this.loop.after(restartAfter, () => this.start(slot));
  }

  /** Copies the store and what was seen of it, to go back to. */
  snapshot(): () => void {
    const copy: StoreSnapshot = this.store.snapshot();
    const seen = this.invariants.snapshot();
    return () => {
      this.store.restore(copy);
      this.invariants.restore(seen);
    };
  }

  /** Sends a command as clients do: they wait a while, and several may send the same one. */
  sendCommand(random: Random, entry = drawName(random, random.pick(this.slots).settings)): void {
    const request = drawCommand(random, entry, this.#clients.clock.now());
    const id = `${request.do} ${random.int(1, 1e9)}`;
    const copies = random.chance(0.2) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      void this.send(request, { id, wait: random.chance(0.03) ? 30_000 : random.pick([0, 30, 200]) });
    }
  }

  /** Sends a command. With `repeats`, it is sent until the store has it, and the promise resolves then. */
  async send(request: CommandRequest, { id, wait, repeats = false }: Sending): Promise<void> {
    if (request.do === 'add' && request.definition) this.#learnDefinition(request.entry ?? '', request.definition);
    const { commands } = connectStore(this.#clients, this);
    const { clock } = this.#clients;
    this.#commandsUnderWay += 1;
    for (let isOver = false; !isOver;) {
      this.note('client', 'sends', 0, () => `sends ${JSON.stringify(request)} as "${id}"`);
      try {
        await sendCommand(commands, request, { clock, wait, by: 'simulation', id });
        isOver = true;
      } catch (error) {
        if (!(error instanceof BeatError)) this.invariants.report('crash', `client: ${String(error)}`);
        isOver = !repeats;
        if (repeats) await clock.sleep(REPEAT_AFTER, NEVER);
      }
    }
    this.#commandsUnderWay -= 1;
  }

  note(who: string, what: string, value = 0, describe?: () => string): void {
    this.trace.add(this.loop.now, who, what, value, 0, describe);
  }

  #begin(fault: Plan['faults'][number]): void {
    if (this.#isResting) return;
    FAULTS[fault.kind](this, fault);
  }

  /** Ends all faults, waits, and checks that nothing is left over. */
  async #rest(isOver: () => boolean): Promise<void> {
    const { loop, network, store, broker, workers, slots, invariants, setting } = this;
    this.#isResting = true;
    this.note('world', 'rests');
    network.heal();
    store.isUp = true;
    workers.isUp = true;
    if (broker) {
      broker.isUp = true;
      broker.hasQueue = true;
    }
    for (const [i, slot] of slots.entries()) {
      slot.host.synchronize();
      slot.isConfigBroken = false;
      if (slot.instance) {
        slot.instance.process.callsToLive = null;
        slot.instance.process.holdsCommit = false;
        slot.instance.process.thaw();
      }
      this.start(i);
    }
    await loop.run(loop.now + 4 * setting.ttl + REST, isOver);
    const waiting = new Set(store.state.outbox.keys());
    await loop.run(loop.now + LATE, isOver);
    if (isOver()) return;
    invariants.checkRest(waiting);
    if (this.#commandsUnderWay > 0) invariants.report('at-rest', `${this.#commandsUnderWay} clients still wait`);
    for (const { instance } of slots) if (instance) this.#checkLeaks(instance.process);
    const leaders = slots.filter(({ instance }) => instance && !instance.process.isDead && instance.term !== null);
    if (leaders.length !== 1) {
      invariants.report('at-rest', `${leaders.length} instances believe that they lead`);
      return;
    }
    this.#checkDue(leaders[0]!.instance!);
  }

  /** Every occurrence until now was dealt with. */
  #checkDue({ process, live }: RunningInstance): void {
    const now = process.clock.now() - LATE;
    for (const { entry: name, state: text, definition } of this.store.state.entries.values()) {
      if (text === null) continue;
      const state = JSON.parse(text) as EntryState;
      const declared = live.catalog.find(name);
      const stored =
        definition === null ? undefined : live.settings.definitions.read(name, JSON.parse(definition) as Definition);
      const entry = declared ?? stored?.entry;
      if (!entry?.enabled) continue;
      if (state.pause && (state.pause.until ?? Infinity) > now) continue;
      if (entry.overlap === 'queue' && state.running) continue;
      const first = entry.schedule.next(new Date(Math.max(state.anchor, state.dueAt ?? state.anchor)));
      if (first && first.getTime() <= now) {
        this.invariants.report('at-rest', `${name} of ${formatIso(first.getTime())} is neither published nor skipped`);
      }
      if (state.spec !== entry.schedule.spec) this.invariants.report('at-rest', `${name} has the schedule of before`);
    }
    for (const entry of live.catalog) {
      if (entry.enabled && !this.store.state.entries.get(entry.name)?.state) {
        this.invariants.report('at-rest', `${entry.name} has no state`);
      }
    }
  }

  async #stopAll(isOver: () => boolean): Promise<void> {
    const { loop, slots, invariants } = this;
    this.#isEnding = true;
    for (const { instance } of slots) instance?.stop();
    await loop.run(loop.now + STOP_WITHIN, isOver);
    for (const { instance } of slots) {
      if (instance && !instance.process.isDead) invariants.report('at-rest', `${instance.process.name} does not stop`);
    }
  }

  #checkLeaks({ name, timers, calls }: Process): void {
    if (timers + calls <= MOST_OPEN) return;
    this.invariants.report('no-leak', `${name} has ${timers} timers and ${calls} calls, wanted at most ${MOST_OPEN}`);
  }

  #learn(entry: Entry): void {
    this.#schedules.set(entry.schedule.spec, entry.schedule);
  }

  #learnDefinition(name: string, definition: Definition): void {
    this.#learn(this.slots[0]!.settings.definitions.read(name, definition).entry);
  }

  /** The policies of an entry: all versions of the configuration declare the same ones for a name. */
  #findPromised(name: string): Entry | undefined {
    const declared = this.#declared.get(name);
    const definition = this.store.state.entries.get(name)?.definition;
    if (definition === null || definition === undefined) return declared;
    // Which of the two applies depends on the version that the leader has.
    if (declared) return undefined;
    let found = this.#stored.get(definition);
    if (!found) {
      found = this.slots[0]!.settings.definitions.read(name, JSON.parse(definition) as Definition).entry;
      this.#stored.set(definition, found);
    }
    return found;
  }
}
