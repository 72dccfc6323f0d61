import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { importApp } from '../../../import/celery/import.ts';
import type { Exported } from '../../../import/celery/exported.ts';
import { readExport } from './read-export.ts';
import { runExporter } from './run-exporter.ts';
import { systemClock } from '../../../util/clock.ts';
import { ConfigError } from '../../../util/errors.ts';
import { isMap } from '../../../util/is-map.ts';
import type { ExitCode } from '../../exit.ts';
import { runImport, type CompareRange, type ImportFlags } from './run-import.ts';

export interface CeleryFlags extends ImportFlags {
  readonly app?: string;
  /** An export that was made elsewhere, instead of an app. */
  readonly exported?: string;
  readonly python?: string;
  readonly workdir?: string;
  readonly scheduler?: string;
  /** A file of Celery's scheduler; `true` without a path. */
  readonly lastRuns?: string | true;
}

/** `beat import celery`: writes what `celery -A MODULE beat` would work with as a schedule file. */
export function importCelery(flags: CeleryFlags): Promise<ExitCode> {
  const { app, exported } = flags;
  if ((app === undefined) === (exported === undefined)) {
    throw new ConfigError('beat import celery: expected either -A/--app or --exported');
  }
  return importProject(flags, { heading: 'CELERY' });
}

interface ProjectOptions {
  /** The name of the source in the table of `--compare`. */
  readonly heading: string;
  /** The import path of the scheduler's class to take if the app names one that is not a subclass. */
  readonly base?: string;
}

/** Imports an app or an export of one. */
export function importProject(
  flags: CeleryFlags,
  { heading, base }: ProjectOptions,
): Promise<ExitCode> {
  const { app, exported } = flags;
  const lastRuns = flags.lastRuns !== undefined || exported !== undefined;
  return runImport({ heading, lastRuns }, flags, async (compared) => {
    const read =
      exported === undefined
        ? await runPython(app!, flags, { compared, base })
        : readExport(exported);
    const name = app === undefined ? 'an app' : `the app ${app}`;
    return {
      found: importApp(read, { now: systemClock.now(), lastRuns }),
      source: `${name} of Celery ${read.celery}`,
      notCompared: describeNotCompared(read),
    };
  });
}

/** The entries without instants of Celery: those of an export that was made without them. */
function describeNotCompared({ entries }: Exported): string | undefined {
  const isCalendar = (schedule: unknown) => isMap(schedule) && !('at' in schedule);
  const names = entries
    .filter(({ entry, upcoming }) => !upcoming && isCalendar(entry['schedule']))
    .map(({ name }) => name);
  if (names.length === 0) return undefined;
  return `the instants of ${names.join(', ')}: the export has none of them`;
}

function runPython(
  app: string,
  flags: CeleryFlags,
  options: { readonly compared: CompareRange; readonly base: string | undefined },
): Promise<Exported> {
  const { scheduler, lastRuns } = flags;
  return runExporter({
    ...{ app, scheduler, ...options },
    python: flags.python ?? findPython(),
    workdir: resolve(flags.workdir ?? '.'),
    lastRuns: typeof lastRuns === 'string' ? resolve(lastRuns) : lastRuns,
  });
}

/** That of the active virtual environment, which need not be first in the path. */
function findPython(): string {
  const active = join(process.env['VIRTUAL_ENV'] ?? '', 'bin/python');
  return process.env['VIRTUAL_ENV'] && existsSync(active) ? active : 'python3';
}
