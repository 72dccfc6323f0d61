import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import type { BeatConfig } from '../../../generated/config-types.ts';
import { withCanonicalKeys } from '../../../config/resolve.ts';
import { findConfig } from '../../../config/source/find.ts';
import { MAX_FILE_SIZE } from '../../../config/source/source.ts';
import { readSource } from '../../../config/source/read.ts';
import { assemble, type Imported, prefixNames } from '../../../import/assemble.ts';
import { compareEntries, findDifferences, isSame, type Comparison } from '../../../import/compare.ts';
import type { Found } from '../../../import/found.ts';
import { FORMATS, writeConfig, type Format } from '../../../import/write.ts';
import { formatInZone } from '../../../schedule/zone/format-in-zone.ts';
import { ConfigError, describeError } from '../../../util/errors.ts';
import { isMap } from '../../../util/is-map.ts';
import { maskText } from '../../../util/mask.ts';
import { systemClock } from '../../../util/system-clock.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readChoice, readWhole } from '../../flags/options.ts';
import { formatTable, writeDocument, writeError, writeLines } from '../../output/lines.ts';
import { writeFile } from '../../output/write-file.ts';

export interface ImportFlags {
  readonly output?: string;
  readonly format?: string;
  readonly partial?: boolean;
  readonly compare?: string;
  readonly force?: boolean;
  /** A text before the names of all entries. */
  readonly prefix?: string;
  /** Whether entries count from their last runs in the source; for a Celery app also the file that has them. */
  readonly lastRuns?: string | true | undefined;
}

/** The content of a source, and its name for the comment in the file. */
export interface SourceContent {
  readonly found: Found;
  readonly source: string;
  /** What the import cannot compare with the source, for the last line; absent if it compares everything. */
  readonly notCompared?: string | undefined;
}

/** The instants to compare: their number, and the instant before the first. */
export interface CompareRange {
  readonly count: number;
  readonly after: Date;
}

/** The number of instants that are compared without `--compare`. */
const COMPARED = 10;

/**
 * Reads another scheduler and writes its entries as a schedule file; `heading` names it in the table of `--compare`. Lists omissions and differences on standard error
 * and exits with 1 if there are any, unless `--partial` is set; the last line names what was not compared. Nothing is
 * written if `read` throws.
 */
export async function runImport(
  heading: string,
  flags: ImportFlags,
  read: (compared: CompareRange) => SourceContent | Promise<SourceContent>,
): Promise<ExitCode> {
  const { output, force = false, prefix = '', compare } = flags;
  const count = compare === undefined ? null : readWhole('--compare', compare, 1_000);
  const format = readFormat(flags);
  if (output !== undefined && !force && existsSync(output)) throw existing(output);
  const range = { count: count ?? COMPARED, after: new Date(systemClock.now()) };
  const { found, source, notCompared } = await read(range);
  const imported = assemble(prefixNames(found, prefix), flags.lastRuns !== undefined);
  if (output !== undefined && !force) await checkNames(output, Object.keys(imported.config.beatSchedule));
  const text = writeConfig(imported.config, format, describeFile(source, imported));
  if (output === undefined) writeDocument(text);
  else write(output, text, force);
  const comparisons = compareEntries(imported.entries, range);
  const show = (at: Date | null) => (at ? formatInZone(at.getTime(), imported.timezone) : 'never');
  if (count !== null) await printComparison(comparisons, show, heading, output === undefined);
  const listed = [...imported.left, ...findDifferences(comparisons, show)];
  for (const { place, kind = 'missing', reason, text: shown } of listed) {
    const label = kind === 'missing' ? 'not imported' : kind;
    writeError(maskText(`${place}: ${label}: ${reason}${shown === undefined ? '' : `: ${shown}`}`));
  }
  if (notCompared !== undefined) writeError(`not compared: ${notCompared}`);
  return listed.every(({ kind }) => kind === 'note') || flags.partial ? EXIT.ok : EXIT.failure;
}

/** Formats by file extension. Any other format has its name as the extension. */
const EXTENSIONS: Readonly<Record<string, Format>> = { yml: 'yaml', mts: 'ts' };

/** The format of `--format`, else the format of the output's extension. */
function readFormat({ format, output }: ImportFlags): Format {
  if (format !== undefined) return readChoice('--format', format, FORMATS);
  if (output === undefined) return 'yaml';
  const extension = /\.(\w+)$/.exec(output)?.[1] ?? '';
  const known = EXTENSIONS[extension] ?? FORMATS.find((name) => name === extension);
  if (known) return known;
  throw new ConfigError(
    `--output: expected a file that ends with .yaml, .json or .ts, got "${output}"; --format selects a format`,
  );
}

function describeFile(source: string, { config }: Imported): readonly string[] {
  const hasLastRuns = Object.values(config.beatSchedule).some((entry) => 'lastRunAt' in entry);
  return [
    `Imported by beat from ${source}.`,
    ...(hasLastRuns ? ['lastRunAt has no effect after the first start: remove it then.'] : []),
  ].map((line) => line.replaceAll(/\s+/g, ' '));
}

function write(path: string, text: string, force: boolean): void {
  try {
    writeFile(path, text, force);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existing(path);
    throw new ConfigError(`${path}: cannot be written: ${describeError(error)}`);
  }
}

function existing(path: string): ConfigError {
  return new ConfigError(`${path} exists; --force overwrites it`);
}

async function printComparison(
  comparisons: readonly Comparison[],
  show: (at: Date | null) => string,
  heading: string,
  toError: boolean,
): Promise<void> {
  const rows = comparisons.flatMap(({ name, instants }) =>
    instants.map((each) => {
      return [name, show(each.source), show(each.result), isSame(each) ? 'same' : 'DIFFERENT'];
    }),
  );
  const table = formatTable(['ENTRY', heading, 'BEAT', ''], rows);
  if (toError) table.forEach(writeError);
  else await writeLines(table);
}

/** Extensions of files to read. Modules are not read, because that would run them. */
const DATA = ['.yaml', '.yml', '.json'];

/** A folder with such a file is not read as a folder of schedules. */
const SINGLE = 'beat.config.';

/** Throws a `ConfigError` if another file of the folder has one of these names, which beat would reject. */
async function checkNames(output: string, names: readonly string[]): Promise<void> {
  const files = await listFiles(dirname(output));
  if ([output, ...files].some((file) => basename(file).startsWith(SINGLE))) return;
  const others = files.filter((file) => resolve(file) !== resolve(output) && DATA.includes(extname(file)));
  for (const file of others) {
    const known = await readNames(file);
    const both = names.filter((name) => known.has(name));
    if (both.length === 0) continue;
    const what = both.length === 1 ? 'an entry of the name' : 'entries of the names';
    const listed = `${both.slice(0, 3).join(', ')}${both.length > 3 ? ', …' : ''}`;
    throw new ConfigError(
      `${file} has ${what} ${listed} too; --prefix TEXT puts a text before all imported names, --force writes them as they are`,
    );
  }
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    return await findConfig(folder, process.cwd());
  } catch (error) {
    // The folder does not exist, or has no configuration.
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

/** The names of the entries in a file; none if it is not a configuration. */
async function readNames(file: string): Promise<ReadonlySet<string>> {
  const { config } = await readSource(file, { cwd: process.cwd(), maxSize: MAX_FILE_SIZE, id: 'import' });
  if (!isMap(config)) return new Set();
  const { beatSchedule } = withCanonicalKeys(config as BeatConfig);
  return new Set(isMap(beatSchedule) ? Object.keys(beatSchedule) : []);
}
