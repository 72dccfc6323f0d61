import type { Warn } from '../../contracts/events/beat-events.ts';
import type { PrefixOptions } from '../../contracts/store/stored-entries.ts';
import type { TermService } from '../../contracts/store/store.ts';
import type { Clock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { loadScript, run, type Script } from './scripts/script.ts';

const FIND_NAMES = loadScript('find-names');
const INDEX_NAMES = loadScript('index-names');
const COMPLETE_NAMES = loadScript('complete-names');

/** Names that one step looks at. Redis serves other clients between two steps. */
const STEP = 1_000;
/** Milliseconds until the next attempt after an error. */
const PAUSE = 60_000;

/**
 * An index of stored entries by name, which commits write. Earlier releases do not write it: after a term of
 * one the index is not complete, until the next leader has looked at all entries.
 */
export class EntryNames implements TermService {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;

  readonly #warn: Warn | undefined;

  constructor(connection: Connection, keys: Keys, clock: Clock, warn?: Warn) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
    this.#warn = warn;
  }

  /** As `EntrySearch.findByPrefix`. */
  async find(prefix: string, { limit, after }: PrefixOptions): Promise<readonly string[] | null> {
    const { term, entryNamesTerm, entryNames } = this.#keys;
    const from = after === undefined ? `[${prefix}` : `(${after}`;
    const keys = [term, entryNamesTerm, entryNames];
    const args = [from, String(limit)];
    const names = await this.#run<string[] | null>('entries.findByPrefix', FIND_NAMES, keys, args);
    return names?.filter((name) => name.startsWith(prefix)) ?? null;
  }

  /** Completes the index. Never rejects: a search does without the index until it is complete. */
  async run(token: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#complete(token, signal);
        this.#warn?.('name-index', null);
        return;
      } catch (error) {
        const text = `The index of stored entries by name cannot be written: ${describeError(error)}; searches read all names, retrying`;
        this.#warn?.('name-index', text);
        await this.#clock.sleep(PAUSE, signal);
      }
    }
  }

  async #complete(token: number, signal: AbortSignal): Promise<void> {
    const { entryOrder, entryNames } = this.#keys;
    const isComplete = await this.find('', { limit: 1 });
    if (isComplete) return;
    // A key of another type may have been deleted since the index was complete.
    if (!(await this.#record(token, ''))) return;
    // First adds the names of all entries, then removes the names of those that no longer exist.
    for (const key of [entryOrder, entryNames]) {
      for (let from = '-'; !signal.aborted;) {
        const members = await this.#connection.run('entries.index', (client) =>
          client.zrangebylex(key, from, '+', 'LIMIT', 0, STEP),
        );
        const last = members.at(-1);
        // Bytes that are no UTF-8 would be read again and again.
        if (last === undefined || from === `(${last}`) break;
        from = `(${last}`;
        const names =
          key === entryNames
            ? members
            : members.map((member) => member.slice(member.indexOf(' ') + 1));
        if (!(await this.#index(token, names))) return;
      }
    }
    if (signal.aborted) return;
    await this.#record(token, String(token));
  }

  /** `false` when another term has begun. */
  async #record(token: number, complete: string): Promise<boolean> {
    const { term, entryNamesTerm } = this.#keys;
    const args = [String(token), complete];
    return (
      (await this.#run<number>('entries.index', COMPLETE_NAMES, [term, entryNamesTerm], args)) === 1
    );
  }

  /** `false` when another term has begun. */
  async #index(token: number, names: readonly string[]): Promise<boolean> {
    const { term, entries, entryNames } = this.#keys;
    const args = [String(token), ...names];
    return (
      (await this.#run<number>('entries.index', INDEX_NAMES, [term, entries, entryNames], args)) ===
      1
    );
  }

  #run<T>(operation: string, script: Script, keys: string[], args: string[]): Promise<T> {
    return this.#connection.run(
      operation,
      (client) => run(client, script, keys, args) as Promise<T>,
    );
  }
}
