import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { importApp } from '../../../import/celery/import.ts';
import type { Exported } from '../../../import/celery/exported.ts';
import { readExport } from './read-export.ts';
import { runExporter } from './run-exporter.ts';
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
  const { app, exported, lastRuns } = flags;
  if ((app === undefined) === (exported === undefined)) {
    throw new ConfigError('beat import celery: expected either -A/--app or --exported');
  }
  const options = {
    heading: 'CELERY',
    lastRuns: lastRuns !== undefined || exported !== undefined,
  };
  return runImport(options, flags, async (compared) => {
    const found =
      exported === undefined ? await runPython(app!, flags, compared) : readExport(exported);
    const name = app === undefined ? 'an app' : `the app ${app}`;
    const source = `${name} of Celery ${found.celery}`;
    return { found: importApp(found), source, notCompared: describeNotCompared(found) };
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

function runPython(app: string, flags: CeleryFlags, compared: CompareRange): Promise<Exported> {
  const { scheduler, lastRuns } = flags;
  return runExporter({
    ...{ app, scheduler, compared },
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
