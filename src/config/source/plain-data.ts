import { types } from 'node:util';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { describeError } from '../../util/errors.ts';
import { isLazy } from '../../celery/message/lazy.ts';
import { MAX_DEPTH, MAX_ALIASED, TOO_DEEP, type Source } from './source.ts';
import { isMap } from '../../util/is-map.ts';
import type { Path, Report } from '../validate.ts';
import { isOwnDriver } from '../../contracts/broker/own-driver.ts';
import { isSchedule } from '../schedules/schema.ts';

/** Replaces the configuration of a source by plain data, or reports errors. A text file contains only data. */
export function withPlainData(source: Source): Source {
  if (source.findLine || source.isValid || source.config === undefined) return source;
  const { file } = source;
  const errors: Diagnostic[] = [...source.errors];
  const found = errors.length;
  const config = plainData(source.config, (path, message) => errors.push({ ...errorAt(path, message), file }));
  // After an error parts are missing, and the paths of further errors would be wrong.
  return { ...source, config: errors.length === found ? config : undefined, errors };
}

/**
 * Converts a configuration made in code to plain data: reads every getter and proxy once, so that no code of the user
 * runs during validation. Values that need no change are not copied; schedules, functions and class instances stay.
 */
export function plainData(config: unknown, report: Report): unknown {
  /** The result of each container; `null` while the walk is inside it. */
  const known = new Map<object, Read | null>();
  let repeated = 0;
  return read(config, [])?.value;

  /** `undefined` after an error. */
  function read(value: unknown, path: Path): Read | undefined {
    if (typeof value === 'symbol') return void report(path, 'a symbol is not data');
    if (typeof value !== 'object' || value === null) return leaf(value);
    const before = known.get(value);
    if (before === null) return void report(path, 'contains itself');
    if (before) return repeat(before, path);
    try {
      if (isLazy(value) || isSchedule(value) || isOwnDriver(value) || !(Array.isArray(value) || isMap(value)))
        return leaf(value);
    } catch (error) {
      return void report(path, threw(error));
    }
    if (path.length >= MAX_DEPTH) return void report(path, TOO_DEEP);
    known.set(value, null);
    const result = readContainer(value, path);
    known.set(value, result);
    return result;
  }

  function repeat(before: Read, path: Path): Read | undefined {
    repeated += before.values;
    if (path.length + before.levels > MAX_DEPTH) return void report(path, TOO_DEEP);
    if (repeated > MAX_ALIASED) return void report(path, TOO_MANY);
    return before;
  }

  function readContainer(container: object, path: Path): Read {
    const items: [key: string, value: unknown][] = [];
    let changed = hasSymbols(container, path) || types.isProxy(container);
    let values = 1;
    let levels = 0;
    for (const key of readKeys(container, path)) {
      const at = [...path, Array.isArray(container) ? Number(key) : key];
      const given = readValue(container, key, at);
      const result = given && read(given.value, at);
      if (result) items.push([key, result.value]);
      changed ||= !result || given.computed || result.value !== given.value;
      values += result?.values ?? 0;
      levels = Math.max(levels, result?.levels ?? 0);
    }
    const value = changed ? copy(items, Array.isArray(container)) : container;
    return { value, values, levels: levels + 1 };
  }

  function hasSymbols(container: object, path: Path): boolean {
    try {
      const [symbol] = Object.getOwnPropertySymbols(container);
      if (symbol) report(path, `has a symbol as a name: ${String(symbol)}`);
      return symbol !== undefined;
    } catch {
      // The handler of a proxy threw; the read of its keys reports that.
      return true;
    }
  }

  function readKeys(container: object, path: Path): string[] {
    try {
      return Object.keys(container);
    } catch (error) {
      report(path, threw(error));
      return [];
    }
  }

  function readValue(container: object, key: string, path: Path) {
    try {
      const property = Object.getOwnPropertyDescriptor(container, key);
      return { value: (container as Record<string, unknown>)[key], computed: property?.get !== undefined };
    } catch (error) {
      return void report(path, threw(error));
    }
  }
}

interface Read {
  readonly value: unknown;
  readonly values: number;
  readonly levels: number;
}

const TOO_MANY = `repeated objects expand to more than ${MAX_ALIASED} values`;

function leaf(value: unknown): Read {
  return { value, values: 1, levels: 0 };
}

function threw(error: unknown): string {
  return `cannot be read, its getter or proxy threw: ${describeError(error)}`;
}

/** Copies a container. The user chooses the keys: `__proto__` must become a key, not the prototype of the copy. */
function copy(items: readonly [key: string, value: unknown][], isList: boolean): unknown {
  if (isList) return items.map(([, value]) => value);
  const map: Record<string, unknown> = {};
  for (const [key, value] of items) {
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return map;
}
