import { TermEnded, type Term } from '../scheduling/term.ts';
import { CommandRunner, type CommandRunnerOptions } from './command-runner.ts';

/** After the log could not be read. Milliseconds. */
const PAUSE = 1_000;

/** How long commands are applied before the loop looks at what else there is to do. Milliseconds. */
const SLICE = 50;

/** The same at the beginning of a term, unless fewer than `FIRST_COMMANDS` were applied by then. */
const FIRST_SLICE = 100;
const FIRST_COMMANDS = 20;

/** Wakes the leader when commands arrive, and has them applied between two ticks. */
export class CommandInbox {
  readonly #options: CommandRunnerOptions;
  readonly #runner: CommandRunner;
  #waiting: { readonly signal: AbortSignal; readonly until: AbortSignal; arrived: boolean } | null =
    null;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#runner = new CommandRunner(options);
  }

  /** Aborts when a command may have arrived, or with the signal. The same one until `process` has run. */
  arrival(awake: AbortSignal): AbortSignal {
    if (this.#waiting?.until !== awake) this.#wait(awake, this.#waitForWork(awake));
    return this.#waiting!.signal;
  }

  /**
   * Applies the commands that have arrived until a run is due, and returns whether there were any. A log that cannot
   * be read is reported, and delays no schedule. Throws `TermEnded` when the term cannot continue.
   */
  async process(term: Term, stop: AbortSignal): Promise<boolean> {
    if (!this.#waiting?.arrived) return false;
    const { until } = this.#waiting;
    this.#waiting = null;
    const { clock, engine } = this.#options;
    const end = clock.monotonic() + SLICE;
    const isOver = () => engine.wakeAt <= clock.now() || clock.monotonic() >= end;
    if (!(await this.#apply(term, stop, isOver))) {
      this.#wait(until, this.#options.clock.sleep(PAUSE, until));
    }
    return true;
  }

  /**
   * Applies the first of the commands that were sent before the term began, also if runs are due: a pause among them
   * prevents the runs that were missed. Otherwise as `process`.
   */
  async begin(term: Term, stop: AbortSignal): Promise<void> {
    this.#waiting = null;
    this.#runner.reset();
    const { clock } = this.#options;
    const end = clock.monotonic() + FIRST_SLICE;
    let done = 0;
    const isOver = () => {
      done += 1;
      return done >= FIRST_COMMANDS && clock.monotonic() >= end;
    };
    await this.#apply(term, stop, isOver);
  }

  /** `false` when the log could not be read. */
  async #apply(term: Term, stop: AbortSignal, isOver: () => boolean): Promise<boolean> {
    try {
      await this.#runner.run(term, stop, isOver);
      return true;
    } catch (error) {
      if (error instanceof TermEnded) throw error;
      this.#options.events.reportFailure({ kind: 'commands' }, error);
      return false;
    }
  }

  /** The log would answer at once while it has the command of a reload that is under way. */
  #waitForWork(awake: AbortSignal): Promise<void> {
    const { log, reloads, clock } = this.#options;
    // The timer lets the process do other work, too, where the store answers at once.
    if (this.#runner.isBehind) return clock.sleep(0, awake);
    return reloads.running > 0 ? reloads.wait(awake) : log.waitForCommand(awake);
  }

  #wait(until: AbortSignal, arriving: Promise<void>): void {
    const arrival = new AbortController();
    const signal = AbortSignal.any([until, arrival.signal]);
    const waiting = { signal, until, arrived: false };
    this.#waiting = waiting;
    void arriving.then(() => {
      waiting.arrived = true;
      arrival.abort();
    });
  }
}
