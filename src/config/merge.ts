import { isDeepStrictEqual } from 'node:util';
import type { Report } from './validate.ts';
import { isMap } from './keys/normalize-keys.ts';
import type { TopSettings } from './schema.ts';
import type { Source } from './source/source.ts';

/** One source after its names were made canonical and its settings checked. */
export interface Part {
  readonly source: Source;
  readonly report: Report;
  /** Reports a warning. */
  readonly warn: Report;
  readonly settings: Omit<TopSettings, 'beatSchedule'>;
  readonly entries: Readonly<Record<string, unknown>>;
}

export interface Merged {
  readonly settings: Omit<TopSettings, 'beatSchedule'>;
  /** Reports an error of a setting, in the file that holds the setting. */
  readonly reportOf: (key: string) => Report;
  readonly warnOf: (key: string) => Report;
  /** Every entry with the part that it stands in, in the order of the files. */
  readonly entries: readonly { name: string; input: unknown; part: Part }[];
}

/**
 * Several files as one. A setting may stand in two of them if it says the same; an entry may not. The
 * entries of copies (see `Source`) come along to be read; by then they are an error.
 */
export function merge(parts: readonly Part[], copies: readonly Part[] = []): Merged {
  const settings: Record<string, unknown> = {};
  const owners = new Map<string, Part>();
  for (const part of parts) {
    for (const [key, value] of Object.entries(part.settings)) {
      if (key === '$schema') continue;
      settings[key] = isMap(value)
        ? { ...(settings[key] as object | undefined), ...mergeLeaves(key, value, part, owners) }
        : value;
      claim([key], value, part, owners);
    }
  }
  return {
    settings: settings,
    reportOf: (key) => (owners.get(key) ?? parts[0])?.report ?? (() => {}),
    warnOf: (key) => (owners.get(key) ?? parts[0])?.warn ?? (() => {}),
    entries: [...mergeEntries(parts), ...copies.flatMap(entriesIn)],
  };
}

function mergeLeaves(
  key: string,
  map: Record<string, unknown>,
  part: Part,
  owners: Map<string, Part>,
): Record<string, unknown> {
  for (const [name, value] of Object.entries(map)) claim([key, name], value, part, owners);
  return map;
}

/** Notes who says it; reports when somebody else said something different before. */
function claim(path: string[], value: unknown, part: Part, owners: Map<string, Part>): void {
  const id = path.join('.');
  const other = owners.get(id);
  if (!other) {
    owners.set(id, part);
    return;
  }
  const said = valueAt(other.settings, path);
  if (isMap(value) || isDeepStrictEqual(said, value)) return;
  part.report(path, `${other.source.file ?? 'another file'} says something else; keep one of them`);
}

function entriesIn(part: Part): Merged['entries'] {
  return Object.entries(part.entries).map(([name, input]) => ({ name, input, part }));
}

function mergeEntries(parts: readonly Part[]): Merged['entries'] {
  const owners = new Map<string, Part>();
  const entries: { name: string; input: unknown; part: Part }[] = [];
  for (const part of parts) {
    for (const name of Object.keys(part.entries)) {
      const other = owners.get(name);
      if (other) {
        const where = other.source.file ?? 'another file';
        part.report(['beatSchedule', name], `an entry of this name stands in ${where} too`);
        continue;
      }
      owners.set(name, part);
      entries.push({ name, input: part.entries[name], part });
    }
  }
  return entries;
}

function valueAt(settings: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), settings);
}
