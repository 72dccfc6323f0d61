import { resolveSettings } from '../../config/resolve.ts';
import type { Entry } from '../../catalog/entry.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { convertJob, nameJob, type ImportedEntry } from './convert.ts';
import { parseTable, type CronJob, type LeftLine, type TableFormat } from './parse.ts';

/** One file to import. */
export interface CronFile {
  readonly path: string;
  readonly text: string;
  readonly format: TableFormat;
}

export interface ImportOptions {
  /** IANA name: the zone of tables without `CRON_TZ`. */
  readonly timezone: string;
  /** The user of the jobs in tables that name none; `undefined` is the user of the worker. */
  readonly user: string | undefined;
}

/** A job with the entry that replaces it. */
export interface ImportedJob {
  readonly job: CronJob;
  readonly entry: Entry;
}

export interface Imported {
  readonly config: {
    readonly timezone: string;
    readonly beatSchedule: Readonly<Record<string, ImportedEntry>>;
  };
  readonly jobs: readonly ImportedJob[];
  readonly left: readonly (LeftLine & { readonly path: string })[];
}

/** Converts tables to a configuration that is valid: a job that would not be is left, with the reason. */
export function importTables(files: readonly CronFile[], options: ImportOptions): Imported {
  const entries = new Map<string, ImportedEntry>();
  const jobs: ImportedJob[] = [];
  const left: (LeftLine & { readonly path: string })[] = [];
  for (const { path, text, format } of files) {
    const table = parseTable(text, format);
    const lines = text.split(/\r?\n/);
    const leftHere = [...table.left];
    for (const job of table.jobs) {
      const name = nameJob(job, (taken) => entries.has(taken));
      const converted = convertJob(job, format, options.user);
      const entry =
        typeof converted === 'string' ? converted : readEntry(name, converted, options.timezone);
      if (typeof converted === 'string' || typeof entry === 'string') {
        const reason = typeof converted === 'string' ? converted : (entry as string);
        leftHere.push({ line: job.line, text: lines[job.line - 1]!.trim(), reason });
        continue;
      }
      entries.set(name, converted);
      jobs.push({ job, entry });
    }
    left.push(...leftHere.sort((a, b) => a.line - b.line).map((line) => ({ ...line, path })));
  }
  const beatSchedule = Object.fromEntries(entries);
  return { config: { timezone: options.timezone, beatSchedule }, jobs, left };
}

/** The entry as beat reads it from the file, or the reason why it would not. */
function readEntry(name: string, entry: ImportedEntry, timezone: string): Entry | string {
  try {
    return resolveSettings({ timezone, beatSchedule: { [name]: entry } }).entries[0]!;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const place = `beatSchedule.${name}.`;
    return error.errors.map((each) => formatDiagnostic(each).replace(place, '')).join('; ');
  }
}
