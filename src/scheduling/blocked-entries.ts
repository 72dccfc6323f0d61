import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import type { Events } from '../events/events.ts';
import type { Operation } from '../events/operation.ts';
import { repairCommand } from '../store/repair-command.ts';

export interface HeldUpOptions {
  readonly clock: Clock;
  readonly events: Events;
  /** Called with the names of all entries that are held up, whenever they change. */
  readonly heldUp?: ((entries: readonly string[]) => void) | undefined;
}

/** Between two looks whether a record was repaired, milliseconds. */
const INTERVAL = 10_000;

/**
 * The entries of a term whose records cannot be read. Nothing is known of what they have sent, so they are
 * left alone, and everything else goes on. Each look reports them as failures.
 */
export class HeldUp {
  readonly #options: HeldUpOptions;
  #names: ReadonlySet<string> = new Set();
  #lookAt = Infinity;

  constructor(options: HeldUpOptions) {
    this.#options = options;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** When to look again: epoch milliseconds, `Infinity` while no entry is held up. */
  get lookAt(): number {
    return this.#lookAt;
  }

  /** The outcome of a look: the entries that are held up now, and why. */
  found(errors: ReadonlyMap<string, StoreError>): void {
    const { events, heldUp } = this.#options;
    for (const name of this.#names) if (!errors.has(name)) events.reportRecovery(operation(name));
    for (const [name, error] of errors) {
      const repair = `its schedule restarts from now with: ${repairCommand(name)}`;
      events.reportFailure(operation(name), new StoreError(`${error.message}; ${repair}`));
    }
    this.#names = new Set(errors.keys());
    heldUp?.([...this.#names]);
    if (errors.size === 0) this.#lookAt = Infinity;
    else this.lookLater();
  }

  lookLater(): void {
    this.#lookAt = this.#options.clock.now() + INTERVAL;
  }
}

function operation(entry: string): Operation {
  return { kind: 'read-state', entry };
}
