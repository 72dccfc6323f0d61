import { stringify } from 'yaml';
import { BeatProcess, SOURCE } from './beat-process.ts';
import { Folder } from './folder.ts';

/** Milliseconds between the runs of every entry of a team's schedule. */
export const INTERVAL = 200;

/** Each missed run is made up for, so that after any failure every instant must stand in the queue. */
export function scheduleOf(entries = 3) {
  const names = Array.from({ length: entries }, (_, i) => `entry ${i}`);
  const entry = { task: 'tasks.note', schedule: INTERVAL / 1_000, missed: 'all' as const };
  return Object.fromEntries(names.map((name) => [name, entry]));
}

/** Two beats, each a process of its own, on one broker; one of them leads. */
export class Team implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #beats: readonly BeatProcess[];

  private constructor(folder: Folder, beats: readonly BeatProcess[]) {
    this.#folder = folder;
    this.#beats = beats;
  }

  /** Resolves once one leads and the other follows. `ttl` in seconds. */
  static async start(brokerUrl: string, ttl: number): Promise<Team> {
    const config = stringify({ brokerUrl, lock: { ttl }, beatSchedule: scheduleOf() });
    const folder = new Folder({ 'beat.config.yaml': config });
    const start = () => new BeatProcess({ cwd: folder.path, script: SOURCE });
    const first = start();
    const team = new Team(folder, [first, start()]);
    await team.sends(3);
    await Promise.all(team.#beats.map((beat) => beat.log.until('a role', () => roleOf(beat))));
    return team;
  }

  /** Who leads now, and who follows. */
  roles(): { leader: BeatProcess; follower: BeatProcess } {
    const leader = this.#beats.find((beat) => roleOf(beat) === 'leading');
    const follower = this.#beats.find((beat) => beat !== leader);
    if (!leader || !follower) throw new Error('nobody leads');
    return { leader, follower };
  }

  /** Waits until one of them has sent so many more runs, counted from now. */
  async sends(more: number): Promise<void> {
    await Promise.any(this.#beats.map((beat) => beat.sends(more)));
  }

  /** What both said they sent: task ids. */
  get sent(): string[] {
    return this.#beats.flatMap((beat) => beat.sent.map(({ taskId }) => taskId));
  }

  /** Stops both. Whoever was killed stays dead. */
  async stop(): Promise<void> {
    await Promise.all(this.#beats.map((beat) => beat.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#beats.map((beat) => beat.kill()));
    this.#folder[Symbol.dispose]();
  }
}

function roleOf(beat: BeatProcess): string | undefined {
  return beat.log.all.findLast(({ event }) => event === 'leading' || event === 'following')?.event;
}
