import { stringify } from 'yaml';
import { BeatProcess, SOURCE } from './beat-process.ts';
import { Folder } from './folder.ts';

/** Milliseconds between the runs of every entry of a team's schedule. */
export const INTERVAL = 200;
/** The number of entries of a team's schedule, all due at the same instants. */
export const ENTRIES = 3;

/** Returns entries that catch up every missed run, so that each occurrence must be in the queue after any failure. */
export function makeSchedule(entries = ENTRIES) {
  const names = Array.from({ length: entries }, (_, i) => `entry ${i}`);
  const entry = { task: 'tasks.note', schedule: INTERVAL / 1_000, missed: 'all' as const };
  return Object.fromEntries(names.map((name) => [name, entry]));
}

/** Instances of beat, each a process of its own, on one broker. */
export class Team implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #beats: BeatProcess[] = [];

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Starts two instances. Resolves when one leads, the other follows, and runs are published. `ttl` in seconds. */
  static async start(brokerUrl: string, ttl: number): Promise<Team> {
    const config = stringify({ brokerUrl, lock: { ttl }, beatSchedule: makeSchedule() });
    const team = new Team(new Folder({ 'beat.config.yaml': config }));
    await Promise.all([team.join(), team.join()]);
    await team.waitForRuns(3);
    return team;
  }

  /** Starts one more instance. Resolves when it leads or follows. */
  async join(): Promise<BeatProcess> {
    const beat = new BeatProcess({ cwd: this.#folder.path, script: SOURCE });
    this.#beats.push(beat);
    await beat.log.until('a role', () => beat.role);
    return beat;
  }

  /**
   * Returns the instance that began the newest term, and another one. On a busy machine an instance may not have logged
   * yet that its term has ended.
   */
  roles(): { leader: BeatProcess; follower: BeatProcess } {
    const [leader, follower] = this.#alive().toSorted((a, b) => newestTerm(b) - newestTerm(a));
    if (!leader || !follower) throw new Error('fewer than two instances are running');
    return { leader, follower };
  }

  /** Waits until one of them has published that many more runs, counted from now. */
  async waitForRuns(more: number): Promise<void> {
    await Promise.any(this.#alive().map((beat) => beat.waitForRuns(more)));
  }

  /** The task ids that they logged as published. */
  get sent(): string[] {
    return this.#beats.flatMap((beat) => beat.sent.map(({ taskId }) => taskId));
  }

  /** Stops every instance. */
  async stop(): Promise<void> {
    await Promise.all(this.#beats.map((beat) => beat.stop()));
  }

  #alive(): BeatProcess[] {
    return this.#beats.filter((beat) => beat.alive);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#beats.map((beat) => beat.kill()));
    this.#folder[Symbol.dispose]();
  }
}

/** The number of the last term that it began; -1 before the first. Terms grow. */
function newestTerm({ log }: BeatProcess): number {
  return Number(log.all.findLast(({ event }) => event === 'leading')?.['term'] ?? -1);
}
