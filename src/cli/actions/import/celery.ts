import { resolve } from 'node:path';
import { findComputed } from '../../../import/celery/computed.ts';
import { importApp } from '../../../import/celery/import.ts';
import type { Left } from '../../../import/found.ts';
import type { Exported } from '../../../import/celery/exported.ts';
import { findPython, readExport, runExporter, type ExporterOptions } from './python.ts';
import { systemClock } from '../../../util/system-clock.ts';
import { ConfigError, describeError } from '../../../util/errors.ts';
import { isMap } from '../../../util/is-map.ts';
import type { ExitCode } from '../../exit.ts';
import { writeError } from '../../output/lines.ts';
import { runImport, type SourceContent } from './run-import.ts';
import type { SourceFlags } from './source.ts';

interface CeleryFlags extends SourceFlags {
  /** An export that was made elsewhere, instead of an app. */
  readonly exported?: string;
  readonly scheduler?: string;
  /** The most seconds that the project may take. */
  readonly timeout?: string;
}

/** `beat import celery`: writes what `celery -A MODULE beat` would work with as a schedule file. */
export function importCelery(flags: CeleryFlags): Promise<ExitCode> {
  const { app, exported } = flags;
  if ((app === undefined) === (exported === undefined)) {
    throw new ConfigError('beat import celery: expected either -A/--app or --exported');
  }
  return importProject(flags, 'CELERY');
}

/** Imports an app or its export. `base` is the scheduler class to use unless the app's own is a subclass of it. */
export function importProject(flags: CeleryFlags, heading: string, base?: string): Promise<ExitCode> {
  const { app, exported, scheduler, python, workdir = '.' } = flags;
  const lastRuns = exported === undefined ? flags.lastRuns : true;
  const timeout = readTimeout(flags.timeout);
  return runImport(heading, { ...flags, lastRuns }, async (compared) => {
    if (exported !== undefined) return toContent(readExport(exported), 'an app', true);
    const options: ExporterOptions = {
      app: app!,
      scheduler,
      base,
      compared,
      timeout,
      python: findPython(python),
      workdir: resolve(workdir),
      lastRuns: typeof lastRuns === 'string' ? resolve(lastRuns) : lastRuns,
      clock: systemClock,
      onWait: (text) => writeError(`beat: ${text}`),
    };
    const first = await runExporter(options);
    const content = toContent(first, `the app ${app}`, lastRuns !== undefined);
    const computed = await findComputedValues(first, options);
    const { found } = content;
    return { ...content, found: { ...found, left: [...found.left, ...computed] } };
  });
}

function toContent(read: Exported, name: string, lastRuns: boolean): SourceContent {
  return {
    found: importApp(read, { now: systemClock.now(), lastRuns }),
    source: `${name} of Celery ${read.celery}`,
    notCompared: describeNotCompared(read),
  };
}

/** Exports the app again with another clock. Only notes depend on this export, so it may fail. */
async function findComputedValues(first: Exported, options: ExporterOptions): Promise<readonly Left[]> {
  try {
    return findComputed(first, await runExporter({ ...options, ahead: AHEAD, quiet: true }));
  } catch (error) {
    const reason = `values that are computed while the project is loaded were not searched: with another clock it fails: ${describeError(error)}`;
    return [{ kind: 'note', place: 'app', reason }];
  }
}

/** Seconds that change the year, the month, the day, the weekday, the hour, the minute and the second. */
const AHEAD = ((400 * 24 + 5) * 60 + 17) * 60 + 23;

const TIMEOUT = 60;

function readTimeout(text: string | undefined): number {
  if (text === undefined) return TIMEOUT;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new ConfigError(`--timeout: expected seconds from 1 to 86400, got "${text}"`);
}

/** Names the entries whose instants were not compared, because the export has none of Celery's instants for them. */
function describeNotCompared({ entries }: Exported): string | undefined {
  const isCalendar = (schedule: unknown) => isMap(schedule) && !('at' in schedule);
  const names = entries
    .filter(({ entry, upcoming }) => !upcoming && isCalendar(entry['schedule']))
    .map(({ name }) => name);
  if (names.length === 0) return undefined;
  return `the instants of ${names.join(', ')}: the export has none of them`;
}
