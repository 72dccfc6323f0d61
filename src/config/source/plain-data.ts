import { types } from 'node:util';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { describeError } from '../../util/errors.ts';
import { isLazy } from '../../message/lazy.ts';
import { DEEPEST, MOST_ALIASED, TOO_DEEP } from './limits.ts';
import { isMap } from '../keys/normalize-keys.ts';
import type { Path, Report } from '../validate.ts';
import { isSchedule } from '../schedules/schema.ts';
import type { Source } from './source.ts';

/** A source whose configuration is data alone, or errors. What a text file holds is data already. */
export function withPlainData(source: Source): Source {
  if (source.findLine || source.config === undefined) return source;
  const { file } = source;
  const errors: Diagnostic[] = [...source.errors];
  const found = errors.length;
  const config = plainData(source.config, (path, message) => {
    errors.push({ ...errorAt(path, message), ...(file !== undefined && { file }) });
  });
  // With parts left out, the paths of other errors would be wrong.
  return { ...source, config: errors.length === found ? config : undefined, errors };
}

/**
 * A configuration made in code, as data: every getter and proxy in it is read once, so that nothing of the
 * user's runs while it is validated. What throws, what no file could hold (symbols, values that contain
 * themselves) and what is too deep or too large is reported. Values that need no change are
 * returned as they are, uncopied; schedules, functions and instances of classes are left alone.
 */
export function plainData(config: unknown, report: Report): unknown {
  return new PlainData(report).read(config, [])?.value;
}

/** A value that was read: how many values it stands for, itself included, and how many levels of them. */
interface Read {
  readonly value: unknown;
  readonly values: number;
  readonly levels: number;
}

class PlainData {
  readonly #report: Report;
  /** Of every container: what came of it, and `null` while the walk is inside. */
  readonly #known = new Map<object, Read | null>();
  #repeated = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** `undefined` after a problem. */
  read(value: unknown, path: Path): Read | undefined {
    if (typeof value === 'symbol') return void this.#refuse(path, 'a symbol, which is no data');
    if (typeof value !== 'object' || value === null) return leaf(value);
    const known = this.#known.get(value);
    if (known === null) return void this.#refuse(path, 'contains itself');
    if (known) return this.#again(known, path);
    try {
      if (!isContainer(value)) return leaf(value);
    } catch (error) {
      return void this.#refuse(path, threw(error));
    }
    if (path.length >= DEEPEST) return void this.#refuse(path, TOO_DEEP);
    this.#known.set(value, null);
    const read = this.#inside(value, path);
    this.#known.set(value, read);
    return read;
  }

  #again(known: Read, path: Path): Read | undefined {
    this.#repeated += known.values;
    if (path.length + known.levels > DEEPEST) return void this.#refuse(path, TOO_DEEP);
    if (this.#repeated > MOST_ALIASED) return void this.#refuse(path, TOO_MANY);
    return known;
  }

  #inside(container: object, path: Path): Read {
    const items: [key: string, value: unknown][] = [];
    let changed = this.#hasSymbols(container, path) || types.isProxy(container);
    let values = 1;
    let levels = 0;
    for (const key of this.#keysOf(container, path)) {
      const at = [...path, Array.isArray(container) ? Number(key) : key];
      const given = this.#valueOf(container, key, at);
      const read = given && this.read(given.value, at);
      if (read) items.push([key, read.value]);
      changed ||= !read || given.computed || read.value !== given.value;
      values += read?.values ?? 0;
      levels = Math.max(levels, read?.levels ?? 0);
    }
    const value = changed ? copyOf(items, Array.isArray(container)) : container;
    return { value, values, levels: levels + 1 };
  }

  #hasSymbols(container: object, path: Path): boolean {
    try {
      const [symbol] = Object.getOwnPropertySymbols(container);
      if (symbol) this.#refuse(path, `has a symbol as a name: ${String(symbol)}`);
      return symbol !== undefined;
    } catch {
      // A proxy, whose names throw as well.
      return true;
    }
  }

  #keysOf(container: object, path: Path): string[] {
    try {
      return Object.keys(container);
    } catch (error) {
      this.#refuse(path, threw(error));
      return [];
    }
  }

  #valueOf(container: object, key: string, path: Path) {
    try {
      const property = Object.getOwnPropertyDescriptor(container, key);
      const computed = property?.get !== undefined;
      return { value: (container as Record<string, unknown>)[key], computed };
    } catch (error) {
      return void this.#refuse(path, threw(error));
    }
  }

  #refuse(path: Path, message: string): void {
    this.#report(path, message);
  }
}

const TOO_MANY = `objects that stand in several places make this more than ${MOST_ALIASED} values`;

function leaf(value: unknown): Read {
  return { value, values: 1, levels: 0 };
}

function threw(error: unknown): string {
  return `cannot be read, as its getter or proxy threw: ${describeError(error)}`;
}

function isContainer(value: object): boolean {
  return !isLazy(value) && !isSchedule(value) && (Array.isArray(value) || isMap(value));
}

/** The names are the user's: `__proto__` must become a name, and not the prototype of the copy. */
function copyOf(items: readonly [key: string, value: unknown][], isList: boolean): unknown {
  if (isList) return items.map(([, value]) => value);
  const copy: Record<string, unknown> = {};
  for (const [key, value] of items) {
    Object.defineProperty(copy, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
