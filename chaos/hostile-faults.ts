import type { Redis } from 'ioredis';
import { HOSTILE_INPUTS, type HostileInput, type HostileTarget } from '../test/support/hostile-inputs.ts';
import type { CommandLog } from '../src/contracts/store/command-log.ts';
import type { Cluster } from './cluster.ts';
import { Random } from './random.ts';

/** The share of a flood that one fault sends: the audit trail has to retain the answers to the commands of the run. */
const SHARE = 0.04;

/** Texts that are appended at the same time. */
const AT_ONCE = 50;

const INPUTS: Readonly<Record<string, HostileInput>> = HOSTILE_INPUTS;

/** Inputs that publish runs of their own, which the checker would report as wrong. */
const PUBLISHING: readonly string[] = ['backfill', 'backfills'] satisfies (keyof typeof HOSTILE_INPUTS)[];

/** The names of all hostile inputs, in an order of that seed. */
export function shuffleHostileInputs(seed: number): string[] {
  const random = new Random(seed ^ 0x40e7);
  const left = Object.keys(INPUTS).filter((name) => !PUBLISHING.includes(name));
  const shuffled: string[] = [];
  while (left.length > 0) shuffled.push(...left.splice(random.int(0, left.length - 1), 1));
  return shuffled;
}

/** Sends hostile inputs to the leader, and to the store of a cluster. */
export class HostileSender {
  readonly #cluster: Cluster;
  readonly #log: CommandLog;
  readonly #redis: Redis | null;

  /** `redis` has the results and task events of the cluster. */
  constructor(cluster: Cluster, log: CommandLog, redis: Redis | null) {
    this.#cluster = cluster;
    this.#log = log;
    this.#redis = redis;
  }

  /** Sends one input. It may fail, because other faults may be injected at the same time. */
  async send(name: string): Promise<void> {
    const { beat } = this.#cluster.at(this.#cluster.leader() ?? 0);
    const listening = beat.log.all.findLast(({ event, url }) => event === 'http' && url);
    const target: HostileTarget = {
      url: listening ? String(listening['url']) : 'http://127.0.0.1:9',
      append: (texts) => this.#append(texts),
      redis: this.#redis,
      taskIds: async () => beat.sent.slice(-2).map(({ taskId }) => taskId),
      share: SHARE,
    };
    await INPUTS[name]!.send(target).catch(() => {});
  }

  async #append(texts: readonly string[]): Promise<void> {
    for (let i = 0; i < texts.length; i += AT_ONCE) {
      await Promise.all(texts.slice(i, i + AT_ONCE).map((text) => this.#log.append(text)));
    }
  }
}
