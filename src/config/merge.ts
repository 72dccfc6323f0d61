import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../util/is-map.ts';
import type { TopSettings } from './schema.ts';
import type { Source } from './source/source.ts';
import { valueAt, type Report } from './validate.ts';

export interface Part {
  readonly source: Source;
  readonly report: Report;
  readonly warn: Report;
  readonly settings: Omit<TopSettings, 'beatSchedule'>;
  readonly entries: Readonly<Record<string, unknown>>;
}

export interface Merged {
  readonly settings: Omit<TopSettings, 'beatSchedule'>;
  /** Returns a function that reports errors of a setting in the file that has it. */
  readonly reportFor: (key: string) => Report;
  readonly warnFor: (key: string) => Report;
  /** Returns the folder of the file that has a setting; the working directory for a configuration made in code. */
  readonly folderFor: (key: string) => string;
  readonly entries: readonly { name: string; input: unknown; part: Part }[];
}

/** Merges several files. Two files may have the same setting with the same value, but not the same entry. */
export function merge(parts: readonly Part[]): Merged {
  const settings: Record<string, unknown> = {};
  const owners = new Map<string, Part>();
  for (const part of parts) {
    for (const [key, value] of Object.entries(part.settings)) {
      if (key === '$schema') continue;
      settings[key] = isMap(value) ? { ...(settings[key] as object | undefined), ...value } : value;
      for (const [name, inner] of Object.entries(isMap(value) ? value : {})) addOwner([key, name], inner, part, owners);
      addOwner([key], value, part, owners);
    }
  }
  const owner = (key: string) => owners.get(key) ?? parts[0];
  return {
    settings,
    reportFor: (key) => owner(key)?.report ?? (() => {}),
    warnFor: (key) => owner(key)?.warn ?? (() => {}),
    folderFor: (key) => owner(key)?.source.folder ?? '',
    entries: mergeEntries(parts),
  };
}

/** Records the source of a setting, and reports a different value in an earlier source. */
function addOwner(path: string[], value: unknown, part: Part, owners: Map<string, Part>): void {
  const id = path.join('.');
  const owner = owners.get(id);
  if (!owner) {
    owners.set(id, part);
    return;
  }
  if (isMap(value) || isDeepStrictEqual(valueAt(owner.settings, path), value)) return;
  part.report(path, `${owner.source.file ?? 'another file'} has another value; keep one of them`);
}

function mergeEntries(parts: readonly Part[]): Merged['entries'] {
  const owners = new Map<string, Part>();
  const entries: { name: string; input: unknown; part: Part }[] = [];
  for (const part of parts) {
    for (const name of Object.keys(part.entries)) {
      const owner = owners.get(name);
      if (owner) {
        const where = owner.source.file ?? 'another file';
        part.report(
          ['beatSchedule', name],
          `an entry of this name is in ${where} too; rename one of them (beat import has --prefix)`,
        );
        continue;
      }
      if (parts.length > 1) owners.set(name, part);
      entries.push({ name, input: part.entries[name], part });
    }
  }
  return entries;
}
