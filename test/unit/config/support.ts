import type { BeatConfig } from '../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import type { Settings } from '../../../src/config/settings.ts';
import type { Entry } from '../../../src/entries/catalog/entry.ts';
import { formatDiagnostic } from '../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../src/util/errors.ts';

/** Entry `e` of a configuration that has no other. */
export function entryOf(entry: object, settings: object = {}): Entry {
  const config = { ...settings, beatSchedule: { e: { task: 't', schedule: 60, ...entry } } };
  return resolveSettings(config).entries[0]!;
}

/** The names of the entries that stand in a configuration, without those that Celery's beat installs. */
export function namesWritten({ entries, installed }: Settings): string[] {
  return entries.map(({ name }) => name).filter((name) => !installed.includes(name));
}

/** Every problem of a configuration, one a line as the user reads it; none for a sound one. */
export function problemsOf(config: unknown): string[] {
  return problemsIn(() => resolveSettings(config as BeatConfig));
}

/** The same for an entry that is sound but for what is given. */
export function entryProblems(entry: object, settings: object = {}): string[] {
  return problemsIn(() => entryOf(entry, settings)).map((line) => line.replace('beatSchedule.e.', ''));
}

function problemsIn(run: () => unknown): string[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(formatDiagnostic);
    throw error;
  }
}
