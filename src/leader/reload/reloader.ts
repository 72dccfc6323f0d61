import type { Difference, Replacement } from '../../entries/catalog/catalog.ts';
import type { Settings } from '../../config/settings.ts';
import type { Scheduler } from '../scheduling/scheduler.ts';
import { TermEnded, type Term } from '../scheduling/term.ts';
import type { InstanceParts } from '../instance/instance.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import { checkFixedSettings } from './fixed-settings.ts';

/** Where settings come from; `ConfigFiles`, for example. */
export interface SettingsSource {
  /** Reads and validates them as they are now. Throws a `ConfigError` with every error found. */
  read(): Promise<Settings>;
  /** Whether they may have changed since the last read began. Cheap: called at the beginning of each term. */
  hasChanged(): Promise<boolean>;
}

export interface ReloaderOptions extends InstanceParts {
  readonly source: SettingsSource | undefined;
  /** Opens what new settings need in addition. Throws a `ConfigError` when that is impossible. */
  readonly prepare: (settings: Settings) => Promise<void>;
}

/** How long a read may take, milliseconds: a configuration module may wait for something that never comes. */
const READ_TIMEOUT = 30_000;

/** Settings to apply between two ticks. */
interface Waiting {
  readonly settings: Settings;
  readonly entries: Replacement;
  readonly done: () => void;
}

/**
 * Replaces the settings in force, one reload after the other. Settings are read and validated beside the schedule
 * and swapped between two ticks: no tick waits for a file, and none works with two configurations.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #isScheduling = false;
  #waiting: Waiting | null = null;
  /** The newest reload; it begins when the one before it has ended. Never rejects. */
  #newest: Promise<unknown> = Promise.resolve();
  /** A reload that has not begun to read, and so serves later requests too. */
  #upcoming: Promise<Difference> | null = null;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /**
   * Reads the source again. Resolves when its settings are in force. Rejects, and changes nothing, with a
   * `ConfigError` for settings that are invalid or need a restart.
   */
  reload(): Promise<Difference> {
    this.#upcoming ??= this.#enqueue(() => {
      this.#upcoming = null;
      return this.#read();
    });
    return this.#upcoming;
  }

  /** As `reload`, but with these settings, which were validated. */
  replace(settings: Settings): Promise<Difference> {
    return this.#enqueue(() => Promise.resolve(settings));
  }

  /** Reloads if the source has changed: other instances may have reloaded since. A failure is reported. */
  async refresh(): Promise<void> {
    await this.#newest;
    const changed = await this.#options.source?.hasChanged().catch(() => true);
    if (changed === true) await this.reload().catch(() => {});
  }

  /** From now until `endScheduling`, settings wait for `apply`. */
  beginScheduling(): void {
    this.#isScheduling = true;
  }

  endScheduling(): void {
    this.#isScheduling = false;
    this.#swapWaiting()?.done();
  }

  /**
   * Applies the waiting settings, and returns whether there were any. Call it between two ticks. Throws `TermEnded`
   * when the scheduler cannot continue: the next term begins with the new settings.
   */
  async apply(scheduler: Scheduler, term: Term): Promise<boolean> {
    const waiting = this.#swapWaiting();
    if (!waiting) return false;
    try {
      await scheduler.reload(waiting.entries.difference, term);
    } catch (error) {
      if (error instanceof TermEnded) throw error;
      const reason = `the reload could not read schedule state: ${describeError(error)}`;
      throw new TermEnded(reason, { cause: error });
    } finally {
      waiting.done();
    }
    return true;
  }

  #enqueue(read: () => Promise<Settings>): Promise<Difference> {
    const reloading = this.#newest.then(() => this.#reload(read));
    this.#newest = reloading.catch(() => {});
    return reloading;
  }

  async #reload(read: () => Promise<Settings>): Promise<Difference> {
    const { live, prepare, events, liveness, wakeup, clock } = this.#options;
    try {
      const settings = await read();
      checkFixedSettings(live.settings, settings);
      await prepare(settings);
      // Only reloads replace entries, one after the other, so the comparison holds until the swap.
      const entries = await runInSlices(live.catalog.compare(settings.entries), clock);
      if (this.#isScheduling) {
        await new Promise<void>((done) => {
          this.#waiting = { settings, entries, done };
          wakeup.wake();
        });
      } else live.replace(settings, entries);
      liveness.reloadError = null;
      const { added, changed, removed } = entries.difference;
      events.emit('reloaded', {
        files: settings.files,
        entries: settings.entries.length,
        added: added.length,
        changed: changed.length,
        removed: removed.length,
      });
      return entries.difference;
    } catch (error) {
      liveness.reloadError = describeError(error);
      events.emit('reload-failed', { error });
      throw error;
    }
  }

  async #read(): Promise<Settings> {
    const { source, clock } = this.#options;
    if (!source) throw new ConfigError('this instance has no configuration files to read again');
    const done = new AbortController();
    const late = clock.sleep(READ_TIMEOUT, done.signal).then(() => {
      throw new ConfigError(`reading takes longer than ${READ_TIMEOUT / 1_000} s`);
    });
    try {
      return await Promise.race([source.read(), late]);
    } finally {
      done.abort();
    }
  }

  #swapWaiting(): Waiting | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.#options.live.replace(waiting.settings, waiting.entries);
    return waiting;
  }
}
