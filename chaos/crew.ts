import { BeatProcess } from '../test/support/beat-process.ts';

/** A span of time in which something was done to somebody. Epoch milliseconds. */
export interface Harm {
  readonly kind: string;
  /** The place in the crew, where it was one beat alone. */
  readonly slot: number | null;
  /** The number of the process that it hit, counted over the whole run. */
  readonly process: number | null;
  /** Whether that process led. */
  readonly led: boolean;
  readonly from: number;
  readonly to: number;
}

/** A process of the run, and how it was meant to end. */
export interface Member {
  readonly beat: BeatProcess;
  readonly slot: number;
  /** When it was killed or told to stop; `null` while it should live. Epoch milliseconds. */
  endedAt: number | null;
}

export interface CrewOptions {
  readonly cwd: string;
  readonly script: string;
  readonly urlFor: (slot: number) => string;
}

/** How long a beat that was told to stop may take before it counts as stuck. Milliseconds. */
const PATIENCE = 30_000;

/** Beats, each a process in a place of its own, where it may be followed by another. */
export class Crew implements AsyncDisposable {
  /** All that ever were. */
  readonly members: Member[] = [];
  /** What went wrong with a process that nobody had laid hands on. */
  readonly faults: string[] = [];
  readonly #options: CrewOptions;
  readonly #places: Member[] = [];

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** How many places there are. */
  get size(): number {
    return this.#places.length;
  }

  /** The member in that place. */
  at(slot: number): Member {
    return this.#places[slot]!;
  }

  /** Its number, counted over the whole run. */
  numberOf(member: Member): number {
    return this.members.indexOf(member);
  }

  /** The place of whoever says that it leads. */
  leader(): number | null {
    const found = this.#places.find(({ beat }) => beat.alive && beat.role === 'leading');
    return found?.slot ?? null;
  }

  start(slot: number): void {
    const { cwd, script, urlFor } = this.#options;
    const beat = new BeatProcess({
      cwd,
      script,
      args: ['-l', 'debug'],
      env: { BEAT_BROKER_URL: urlFor(slot) },
    });
    const member: Member = { beat, slot, endedAt: null };
    this.#places[slot] = member;
    this.members.push(member);
    void beat.exited.then(({ code, signal }) => {
      if (member.endedAt !== null) return;
      const how = `${signal ?? code}: ${beat.errors.slice(-5).join(' ')}`;
      this.faults.push(`process ${this.numberOf(member)} ended by itself (${how})`);
    });
  }

  async kill(slot: number): Promise<void> {
    const member = this.at(slot);
    member.endedAt = Date.now();
    await member.beat.kill();
  }

  /** SIGTERM. One that does not end in time is killed, and that is a fault. */
  async stop(slot: number): Promise<void> {
    const member = this.at(slot);
    member.endedAt = Date.now();
    const name = `process ${this.numberOf(member)}`;
    const late = setTimeout(() => {
      this.faults.push(`${name} did not stop in ${PATIENCE} ms`);
      void member.beat.kill();
    }, PATIENCE);
    const { code, signal } = await member.beat.stop();
    clearTimeout(late);
    // A process that is told to stop before it has begun to listen dies of the signal.
    const early = member.beat.log.all.length === 0 && signal === 'SIGTERM';
    if (code !== 0 && !early)
      this.faults.push(`${name}, told to stop, ended with ${signal ?? code}`);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#places.map(({ slot }) => this.stop(slot)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.members.map(async (member) => {
        member.endedAt ??= Date.now();
        await member.beat.kill();
      }),
    );
  }
}
