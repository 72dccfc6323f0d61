import { stringify } from 'yaml';
import { BeatProcess, SOURCE } from './beat-process.ts';
import { Folder } from './folder.ts';

/** Milliseconds between the runs of every entry of a team's schedule. */
export const INTERVAL = 200;
/** How many entries a team schedules, all due at the same instants. */
export const ENTRIES = 3;

/** Each missed run is made up for, so that after any failure every instant must stand in the queue. */
export function makeSchedule(entries = ENTRIES) {
  const names = Array.from({ length: entries }, (_, i) => `entry ${i}`);
  const entry = { task: 'tasks.note', schedule: INTERVAL / 1_000, missed: 'all' as const };
  return Object.fromEntries(names.map((name) => [name, entry]));
}

/** Beats, each a process of its own, on one broker; one of them leads. */
export class Team implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #beats: BeatProcess[] = [];

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Two of them. Resolves once one leads and the other follows. `ttl` in seconds. */
  static async start(brokerUrl: string, ttl: number): Promise<Team> {
    const config = stringify({ brokerUrl, lock: { ttl }, beatSchedule: makeSchedule() });
    const team = new Team(new Folder({ 'beat.config.yaml': config }));
    await Promise.all([team.join(), team.join()]);
    await team.waitForRuns(3);
    return team;
  }

  /** One more. Resolves once it leads or follows. */
  async join(): Promise<BeatProcess> {
    const beat = new BeatProcess({ cwd: this.#folder.path, script: SOURCE });
    this.#beats.push(beat);
    await beat.log.until('a role', () => beat.role);
    return beat;
  }

  /** Who leads now, by what it said last, and another. */
  roles(): { leader: BeatProcess; follower: BeatProcess } {
    const alive = this.#alive();
    const leader = alive.findLast((beat) => beat.role === 'leading') ?? alive[0];
    const follower = alive.find((beat) => beat !== leader);
    if (!leader || !follower) throw new Error('fewer than two are left');
    return { leader, follower };
  }

  /** Waits until one of them has sent so many more runs, counted from now. */
  async waitForRuns(more: number): Promise<void> {
    await Promise.any(this.#alive().map((beat) => beat.waitForRuns(more)));
  }

  /** What all of them said they sent: task ids. */
  get sent(): string[] {
    return this.#beats.flatMap((beat) => beat.sent.map(({ taskId }) => taskId));
  }

  /** Stops all that are left. */
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
