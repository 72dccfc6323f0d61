import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Environment } from './environments/environment.ts';
import type { InjectedFault } from './history.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import type { HostileSender } from './hostile-faults.ts';
import { HOSTILE, type Fault } from './scenario.ts';

/** Injects faults into a cluster and its environment. */
export class Nemesis {
  readonly #cluster: Cluster;
  readonly #environment: Environment;
  readonly #hostile: HostileSender;
  readonly #injected: InjectedFault[] = [];
  /** The processes, networks and servers that have a fault at present. */
  readonly #faulty = new Set<string>();

  constructor(cluster: Cluster, environment: Environment, hostile: HostileSender) {
    this.#cluster = cluster;
    this.#environment = environment;
    this.#hostile = hostile;
  }

  /**
   * Injects each fault at its time; faults of different targets overlap. A fault whose target already has one
   * is left out. Resolves when all are healed.
   */
  async inject(faults: readonly Fault[]): Promise<InjectedFault[]> {
    const started = Date.now();
    const running: Promise<void>[] = [];
    for (const fault of faults) {
      await delay(Math.max(0, started + fault.at - Date.now()));
      running.push(
        this.#inject(fault).catch((error: unknown) => {
          this.#cluster.crashes.push(`injecting "${fault.kind}" failed: ${String(error)}`);
        }),
      );
    }
    await Promise.all(running);
    return this.#injected.toSorted((a, b) => a.from - b.from);
  }

  async #inject({ kind, target, duration }: Fault): Promise<void> {
    if (kind.startsWith(HOSTILE)) {
      await this.#hostile.send(kind.slice(HOSTILE.length));
      return;
    }
    const cluster = this.#cluster;
    const slot = target === 'leader' ? (cluster.leader() ?? 0) : target;
    const affected = this.#findAffected(kind, slot);
    if (affected.some((each) => this.#faulty.has(each))) return;
    for (const each of affected) this.#faulty.add(each);
    const instance = cluster.at(slot);
    const injectIntoProcess = PROCESS_FAULTS[kind];
    const injected = {
      kind,
      slot: this.#affectsOneInstance(kind) ? slot : null,
      process: injectIntoProcess ? cluster.indexOf(instance) : null,
      led: instance.beat.role === 'leading',
      from: Date.now(),
    };
    if (injectIntoProcess) await injectIntoProcess(cluster, slot, duration);
    else await this.#environment.inject(kind, slot, duration);
    this.#injected.push({ ...injected, to: Date.now() });
    for (const each of affected) this.#faulty.delete(each);
  }

  #affectsOneInstance(kind: string): boolean {
    return kind in PROCESS_FAULTS || this.#environment.affects(kind) === 'instance';
  }

  #findAffected(kind: string, slot: number): string[] {
    if (kind === 'deploy') {
      return Array.from({ length: this.#cluster.size }, (_, n) => `process ${n}`);
    }
    if (kind in PROCESS_FAULTS) return [`process ${slot}`];
    return [this.#affectsOneInstance(kind) ? `network ${slot}` : 'server'];
  }
}
