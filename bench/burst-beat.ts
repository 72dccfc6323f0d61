import { setTimeout as delay } from 'node:timers/promises';
import { Beat } from '../src/leader/beat.ts';
import type { BeatConfig } from '../src/generated/config-types.ts';
import { timedelta } from '../src/schedule/timedelta.ts';
import { JumpingClock } from './jumping-clock.ts';

const HOUR = 3_600_000;
/** How long before the burst its runs are prepared. Milliseconds. */
const BEFORE = 2_500;
/** For how long a busy instance is waited for: its clock goes on. Milliseconds. */
const PREPARE_WITHIN = 2_000;
/** The share of the time that the event loop of an idle instance is busy. */
const IDLE = 0.2;

/** A leading instance with many entries that are due at the same instant, which `burst` brings about. */
export class BurstBeat implements AsyncDisposable {
  readonly beat: Beat;
  readonly clock: JumpingClock;

  /** The instant of the last burst, epoch milliseconds; `null` before the first. */
  #lastAt: number | null = null;

  private constructor(beat: Beat, clock: JumpingClock) {
    this.beat = beat;
    this.clock = clock;
  }

  /** `name` is its queue and its key prefix. */
  static async start(brokerUrl: string, name: string, entries: number, settings: BeatConfig = {}): Promise<BurstBeat> {
    const clock = new JumpingClock();
    const schedule = timedelta({ hours: 1 });
    const beat = new Beat(
      {
        ...settings,
        brokerUrl,
        // Without the nightly cleanup, which a jump over 04:00 would add to the messages.
        resultExpires: null,
        keyPrefix: name,
        taskDefaultQueue: name,
        beatSchedule: Object.fromEntries(
          Array.from({ length: entries }, (_, i) => [
            `report-${i}`,
            { task: 'reports.build', schedule, args: [i, 'daily'], kwargs: { tenant: `t-${i}` } },
          ]),
        ),
      },
      { clock },
    );
    const waiting = new Promise<void>((resolve) => beat.once('tick', () => resolve()));
    await beat.start();
    await waiting;
    return new BurstBeat(beat, clock);
  }

  /**
   * Moves the clock on to the last seconds before the burst, and waits until nothing seems to be left to prepare. Does
   * nothing before the first burst.
   */
  async prepare(): Promise<void> {
    if (this.#lastAt === null) return;
    this.clock.jump(this.#lastAt + HOUR - BEFORE - this.clock.now());
    const end = performance.now() + PREPARE_WITHIN;
    for (let used = 1; used > IDLE && performance.now() < end;) {
      const before = performance.eventLoopUtilization();
      await delay(50);
      used = performance.eventLoopUtilization(before).utilization;
    }
  }

  /** Moves the clock on to the burst. Resolves when beat reports that every message is in the queue. */
  async burst(): Promise<void> {
    const sent = new Promise<void>((resolve) => {
      const listener = (tick: { readonly sent: number }) => {
        if (tick.sent === 0) return;
        this.beat.off('tick', listener);
        resolve();
      };
      this.beat.on('tick', listener);
    });
    this.beat.once('sent', ({ dueAt }) => (this.#lastAt = dueAt));
    this.clock.jump(this.#lastAt === null ? HOUR : this.#lastAt + HOUR - this.clock.now());
    await sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.beat.stop();
  }
}
