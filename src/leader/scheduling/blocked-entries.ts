import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { Operation } from '../../contracts/events/beat-events.ts';
import { repairCommand } from '../../contracts/store/repair-command.ts';

export interface BlockedEntriesOptions {
  readonly clock: Clock;
  readonly events: Events;
  /** Called with the names of all blocked entries, whenever they change. */
  readonly blocked?: ((entries: readonly string[]) => void) | undefined;
}

/** Milliseconds between two checks for repaired states. */
const INTERVAL = 10_000;

/**
 * The entries of a term whose states cannot be read. Their published runs are unknown, so they are not scheduled; all
 * other entries are. Each check reports them as failures.
 */
export class BlockedEntries {
  readonly #options: BlockedEntriesOptions;
  #names: ReadonlySet<string> = new Set();
  #checkAt = Infinity;

  constructor(options: BlockedEntriesOptions) {
    this.#options = options;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** When to check again: epoch milliseconds, `Infinity` while no entry is blocked. */
  get checkAt(): number {
    return this.#checkAt;
  }

  /** Sets the blocked entries, by name, with the reason of each. */
  update(errors: ReadonlyMap<string, StoreError>): void {
    const { events, blocked: heldUp } = this.#options;
    for (const name of this.#names) if (!errors.has(name)) events.reportRecovery(operation(name));
    for (const [name, error] of errors) {
      const repair = `its schedule restarts from now with: ${repairCommand(name)}`;
      events.reportFailure(operation(name), new StoreError(`${error.message}; ${repair}`));
    }
    this.#names = new Set(errors.keys());
    heldUp?.([...this.#names]);
    if (errors.size === 0) this.#checkAt = Infinity;
    else this.checkLater();
  }

  checkLater(): void {
    this.#checkAt = this.#options.clock.now() + INTERVAL;
  }
}

function operation(entry: string): Operation {
  return { kind: 'read-state', entry };
}
