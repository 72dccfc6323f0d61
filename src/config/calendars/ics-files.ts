import { resolve } from 'node:path';
import { eventSet } from '../../schedule/calendar-events.ts';
import type { TimeSet } from '../../schedule/limits/time-sets.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { decode, readBytesSync, Unreadable, stampFileSync } from '../source/bytes.ts';
import { readEvents } from './ics/read-events.ts';

/** The most bytes of a calendar file: thousands of events, which take up to a second to read. */
const MAX_SIZE = 2 * 1024 * 1024;

const MAX_SHOWN = 20;

export class IcsFiles {
  readonly #sets = new Map<string, TimeSet>();
  readonly #stamps = new Map<string, string>();

  /** The stamps of the files that were read, also of invalid ones: see `stampFile`. */
  get stamps(): ReadonlyMap<string, string> {
    return this.#stamps;
  }

  /** Reads the times of the events in a file, relative to the folder. Throws a `ConfigError` with every problem. */
  read(file: string, folder: string): TimeSet {
    const path = resolve(folder, file);
    const set = this.#sets.get(path) ?? this.#read(path, file);
    this.#sets.set(path, set);
    return set;
  }

  #read(path: string, file: string): TimeSet {
    // Stamped before the read, so that a change during the read counts as a change after it.
    this.#stamps.set(path, stampFileSync(path));
    const { events, problems } = readEvents(readText(path, file));
    if (problems.length === 0) return eventSet(events, file);
    const shown = problems.slice(0, MAX_SHOWN).map(({ line, message }) => `${file}:${line}: ${message}`);
    const more = problems.length - shown.length;
    const rest = more > 0 ? [`${file} has ${more} more errors`] : [];
    throw new ConfigError([...shown, ...rest].map((message) => errorAt([], message)));
  }
}

function readText(path: string, file: string): string {
  try {
    return decode(readBytesSync(path, MAX_SIZE, 'a calendar file may have'));
  } catch (error) {
    const line = error instanceof Unreadable && error.line !== undefined ? `:${error.line}` : '';
    const reason = error instanceof Unreadable ? ` ${error.message}` : ` cannot be read: ${describeError(error)}`;
    throw new ConfigError(`${file}${line}${reason}`);
  }
}
