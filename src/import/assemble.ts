import type { Entry } from '../entries/catalog/entry.ts';
import type { BeatConfig, EntryConfig } from '../generated/config-types.ts';
import { resolveSettings, withCanonicalKeys } from '../config/resolve.ts';
import { formatIso } from '../util/format-iso.ts';
import { formatDiagnostic, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import type { Found, FoundEntry, Left } from './found.ts';
import { BACKEND_CLEANUP } from '../config/results/results.ts';

/** A configuration whose entries are in a map. */
type ImportedConfig = BeatConfig & { readonly beatSchedule: Readonly<Record<string, EntryConfig>> };

/** A valid configuration from the results of an importer, with what it lacks. */
export interface Imported {
  readonly config: ImportedConfig;
  readonly entries: readonly ImportedEntry[];
  readonly left: readonly Left[];
  readonly timezone: string;
}

export interface ImportedEntry {
  readonly found: FoundEntry;
  readonly entry: Entry;
}

/** Sorts `jobs:9` before `jobs:10`. */
const byPlace = new Intl.Collator('en', { numeric: true });

/** Makes a valid configuration: settings and entries that beat rejects are left out, with the reason. */
export function assemble(found: Found, lastRuns: boolean): Imported {
  const settings = new Map<string, unknown>(Object.entries(found.settings));
  const left = [...found.left];
  const entries = new Map<string, FoundEntry>();
  for (const entry of found.entries) {
    const other = entries.get(entry.name);
    if (!other) entries.set(entry.name, entry);
    else left.push({ place: entry.place, reason: `${other.place} has the same name, ${entry.name}` });
  }
  for (;;) {
    const fields = [...entries].map(([name, entry]) => [name, withLastRun(entry, lastRuns)] as const);
    const config = { ...Object.fromEntries(settings), beatSchedule: Object.fromEntries(fields) };
    const { brokerUrl, brokerWriteUrl } = withCanonicalKeys<BeatConfig>(config);
    const hasBroker = brokerUrl !== undefined || brokerWriteUrl !== undefined;
    try {
      const resolved = resolveSettings(config, hasBroker ? {} : { brokerUrl: ANY_BROKER });
      const imported = resolved.entries.flatMap((entry) => {
        const source = entries.get(entry.name);
        return source ? [{ found: source, entry }] : [];
      });
      left.sort((a, b) => byPlace.compare(a.place, b.place));
      return { config: withCanonicalKeys(config), entries: imported, left, timezone: resolved.timezone };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      left.push(...removeRejected(error.errors, settings, entries));
    }
  }
}

/** The broker for a source that names none; it has no limits of a product. */
const ANY_BROKER = 'memory://';

function withLastRun({ fields, lastRunAt }: FoundEntry, lastRuns: boolean): EntryConfig {
  // A disabled entry gets its first state when it is enabled, and counts from then.
  if (!lastRuns || lastRunAt === undefined || fields.enabled === false) return fields;
  return { ...fields, lastRunAt: formatIso(lastRunAt) };
}

/** Removes the settings and entries that the errors name. Throws a `ConfigError` if they name none. */
function removeRejected(
  errors: readonly Diagnostic[],
  settings: Map<string, unknown>,
  entries: Map<string, FoundEntry>,
): readonly Left[] {
  const left: Left[] = [];
  const isOfEntry = ({ path }: Diagnostic) => path[0] === 'beatSchedule' && path.length > 1;
  for (const [name, own] of Map.groupBy(errors.filter(isOfEntry), ({ path }) => String(path[1]))) {
    const source = entries.get(name);
    left.push({ place: source?.place ?? `entry ${name}`, reason: describe(own, 2), text: source?.text });
    if (entries.delete(name)) continue;
    // The cleanup entry, which beat adds by itself.
    settings.delete('result_expires');
    settings.set('resultExpires', null);
  }
  const bySetting = Map.groupBy(
    errors.filter((error) => !isOfEntry(error)),
    ({ path }) => String(path[0]),
  );
  for (const [key, own] of bySetting) {
    if (!settings.delete(key)) throw new ConfigError(errors);
    left.push({ place: `setting ${key}`, reason: describe(own, 1) });
  }
  return left;
}

/** The texts of errors, with their paths from the `depth`th key. */
function describe(errors: readonly Diagnostic[], depth: number): string {
  return errors.map(({ path, message }) => formatDiagnostic({ path: path.slice(depth), message })).join('; ');
}

/** Prefixes the names of all entries but the cleanup entry, which beat knows by its name. */
export function prefixNames(found: Found, prefix: string): Found {
  const entries = found.entries.map((entry) =>
    entry.name === BACKEND_CLEANUP ? entry : { ...entry, name: prefix + entry.name },
  );
  return { ...found, entries };
}
