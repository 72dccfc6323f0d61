import { BeatProcess, type LogLine } from '../test/support/beat-process.ts';

/** A process of the run. */
export interface Instance {
  readonly beat: BeatProcess;
  readonly slot: number;
  /** When it was killed or received SIGTERM; `null` while it should run. Epoch milliseconds. */
  endedAt: number | null;
}

export interface ClusterOptions {
  readonly cwd: string;
  readonly script: string;
  /** The environment variables of the instance in a slot. */
  readonly envFor: (slot: number) => Readonly<Record<string, string>>;
  /** Default: every line is logged. */
  readonly args?: readonly string[];
  /** Selects the log lines to store; default: all. */
  readonly keep?: (line: LogLine) => boolean;
}

/** How long a process may take to end after SIGTERM. Milliseconds. */
const STOP_TIMEOUT = 30_000;

/** Instances of beat, each a process in a slot of its own; a slot's next process replaces its last. */
export class Cluster implements AsyncDisposable {
  /** Every instance that was started, in that order. */
  readonly instances: Instance[] = [];
  /** Crashes and hangs that no injected fault explains. */
  readonly crashes: string[] = [];
  readonly #options: ClusterOptions;
  readonly #slots: Instance[] = [];

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** The number of slots. */
  get size(): number {
    return this.#slots.length;
  }

  /** Returns the newest instance of the slot. */
  at(slot: number): Instance {
    return this.#slots[slot]!;
  }

  /** Returns the instance's number, counted from 0 over the whole run. */
  indexOf(instance: Instance): number {
    return this.instances.indexOf(instance);
  }

  /** Returns the slot of the instance that last logged that it leads, or `null`. */
  leader(): number | null {
    const found = this.#slots.find(({ beat }) => beat.alive && beat.role === 'leading');
    return found?.slot ?? null;
  }

  start(slot: number): void {
    const { envFor, args = ['-l', 'debug'], ...options } = this.#options;
    const beat = new BeatProcess({ ...options, args, env: envFor(slot) });
    const instance: Instance = { beat, slot, endedAt: null };
    this.#slots[slot] = instance;
    this.instances.push(instance);
    void beat.exited.then(({ code, signal }) => {
      if (instance.endedAt !== null) return;
      const how = `${signal ?? code}: ${beat.errors.slice(-5).join(' ')}`;
      this.crashes.push(`process ${this.indexOf(instance)} ended unexpectedly (${how})`);
    });
  }

  async kill(slot: number): Promise<void> {
    const instance = this.at(slot);
    instance.endedAt = Date.now();
    await instance.beat.kill();
  }

  /** Sends SIGTERM and waits for the end; after the timeout it kills the process and reports a crash. */
  async stop(slot: number): Promise<void> {
    const instance = this.at(slot);
    instance.endedAt = Date.now();
    const name = `process ${this.indexOf(instance)}`;
    const timeout = setTimeout(() => {
      this.crashes.push(`${name} did not stop within ${STOP_TIMEOUT} ms of SIGTERM`);
      void instance.beat.kill();
    }, STOP_TIMEOUT);
    const { code, signal } = await instance.beat.stop();
    clearTimeout(timeout);
    // Before a process has installed its signal handler, SIGTERM ends it at once.
    const early = instance.beat.log.all.length === 0 && signal === 'SIGTERM';
    if (code !== 0 && !early) this.crashes.push(`${name} ended with ${signal ?? code} on SIGTERM`);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#slots.map(({ slot }) => this.stop(slot)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.instances.map(async (instance) => {
        instance.endedAt ??= Date.now();
        await instance.beat.kill();
      }),
    );
  }
}
