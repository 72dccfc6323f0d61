import type { Clock } from '../util/clock.ts';
import type { AllowedCommands } from './command.ts';

/** How long a command stays allowed after a reload removed it, for runs that were published before. Milliseconds. */
const GRACE_PERIOD = 60 * 60 * 1_000;

/** The shortest time between two reads because of undeclared commands. Milliseconds. */
const READ_INTERVAL = 1_000;

export interface CurrentCommandsOptions {
  readonly clock: Clock;
  /** Reads the configuration; resolves with `null` if it is unchanged or invalid. */
  readonly read: () => Promise<AllowedCommands | null>;
}

/** The commands that a worker may run, while its configuration changes. */
export class CurrentCommands {
  readonly #options: CurrentCommandsOptions;
  #current: AllowedCommands;
  /** Earlier declarations that are still allowed until an instant, epoch milliseconds. */
  #earlier: readonly { readonly commands: AllowedCommands; readonly until: number }[] = [];
  #reading: Promise<void> | null = null;
  #readAt = -Infinity;

  constructor(current: AllowedCommands, options: CurrentCommandsOptions) {
    this.#current = current;
    this.#options = options;
  }

  /** Replaces the declarations. */
  replace(commands: AllowedCommands): void {
    if (commands.equals(this.#current)) return;
    const now = this.#options.clock.now();
    this.#earlier = [
      ...this.#earlier.filter(({ until }) => until > now),
      { commands: this.#current, until: now + GRACE_PERIOD },
    ];
    this.#current = commands;
  }

  /** Whether the worker may run a command. Before it answers no, it reads the configuration again. */
  async has(kwargs: Readonly<Record<string, unknown>>): Promise<boolean> {
    if (this.#has(kwargs)) return true;
    await (this.#reading ??= this.#read().finally(() => (this.#reading = null)));
    return this.#has(kwargs);
  }

  #has(kwargs: Readonly<Record<string, unknown>>): boolean {
    const now = this.#options.clock.now();
    return (
      this.#current.has(kwargs) ||
      this.#earlier.some(({ commands, until }) => until > now && commands.has(kwargs))
    );
  }

  async #read(): Promise<void> {
    const { clock, read } = this.#options;
    const pause = this.#readAt + READ_INTERVAL - clock.monotonic();
    if (pause > 0) await clock.sleep(pause, new AbortController().signal);
    this.#readAt = clock.monotonic();
    const commands = await read();
    if (commands) this.replace(commands);
  }
}
