import { Beat } from '../src/leader/beat.ts';
import type { BeatConfig } from '../src/generated/config-types.ts';
import { timedelta } from '../src/schedule/timedelta.ts';
import { JumpingClock } from './jumping-clock.ts';

const HOUR = 3_600_000;

/** A leading instance with many entries that are due at the same instant, which `burst` brings about. */
export class BurstBeat implements AsyncDisposable {
  readonly beat: Beat;
  readonly clock: JumpingClock;

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

  /** Moves the clock on by an hour. Resolves when beat reports that every message is in the queue. */
  async burst(): Promise<void> {
    const sent = new Promise<void>((resolve) => {
      const listener = (tick: { readonly sent: number }) => {
        if (tick.sent === 0) return;
        this.beat.off('tick', listener);
        resolve();
      };
      this.beat.on('tick', listener);
    });
    this.clock.jump(HOUR);
    await sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.beat.stop();
  }
}
