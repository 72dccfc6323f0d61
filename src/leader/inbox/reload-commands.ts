import type { Difference } from '../../entries/catalog/catalog.ts';
import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import { waitAtMost } from '../../util/wait.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import type { Answer } from '../../entries/commands/audit.ts';

/** How often other commands are read while a reload is under way. Milliseconds. */
const POLL_INTERVAL = 100;

/** Errors that an answer lists; the log has more. */
const MAX_ERRORS = 5;

/**
 * The reloads that commands request. Schedules and other commands do not wait while files are read: the first call for
 * a command begins its reload, and a later call returns the answer.
 */
export class ReloadCommands {
  readonly #reload: () => Promise<Difference>;
  readonly #clock: Clock;
  /** By the key of the command; `null` for a reload that is under way. */
  readonly #answers = new Map<string, Answer | null>();
  readonly #ended = new Condition();

  constructor(reload: () => Promise<Difference>, clock: Clock) {
    this.#reload = reload;
    this.#clock = clock;
  }

  /** How many commands wait for the end of their reload. */
  get running(): number {
    return [...this.#answers.values()].filter((answer) => answer === null).length;
  }

  isRunning(key: string): boolean {
    return this.#answers.get(key) === null;
  }

  /** The answer to a command; `null` while its reload is under way. The first call begins the reload. */
  answer(key: string): Answer | null {
    const known = this.#answers.get(key);
    if (known) return known;
    if (known === undefined) {
      this.#answers.set(key, null);
      void this.#run(key);
    }
    return null;
  }

  forget(key: string): void {
    this.#answers.delete(key);
  }

  /** Resolves when a reload has ended, when it is time to look for other commands, or at the abort. */
  async wait(signal: AbortSignal): Promise<void> {
    await waitAtMost(this.#clock, POLL_INTERVAL, signal, (end) => this.#ended.wait(end));
  }

  async #run(key: string): Promise<void> {
    try {
      const { added, changed, removed } = await this.#reload();
      const counts = `${added.length} added, ${changed.length} changed, ${removed.length} removed`;
      this.#answers.set(key, { status: 'applied', answer: `reloaded: ${counts}` });
    } catch (error) {
      this.#answers.set(key, { status: 'rejected', answer: `${explain(error)}; nothing changed` });
    }
    this.#ended.notifyAll();
  }
}

function explain(error: unknown): string {
  if (!(error instanceof ConfigError)) return describeError(error);
  const { errors } = error;
  const shown = errors.slice(0, MAX_ERRORS).map(formatDiagnostic).join('; ');
  const left = errors.length - MAX_ERRORS;
  return left > 0 ? `${shown}; and ${left} more` : shown;
}
