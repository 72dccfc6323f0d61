import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { importApp } from '../../../import/celery/import.ts';
import { runExporter } from '../../../import/celery/run-exporter.ts';
import type { ExitCode } from '../../exit.ts';
import { runImport, type ImportFlags } from './run-import.ts';

export interface CeleryFlags extends ImportFlags {
  readonly app: string;
  readonly python?: string;
  readonly workdir?: string;
  readonly scheduler?: string;
  /** A file of Celery's scheduler; `true` without a path. */
  readonly lastRuns?: string | true;
}

/** `beat import celery`: writes what `celery -A MODULE beat` would work with as a schedule file. */
export function importCelery(flags: CeleryFlags): Promise<ExitCode> {
  const { app, scheduler, lastRuns } = flags;
  const workdir = resolve(flags.workdir ?? '.');
  const python = flags.python ?? findPython();
  return runImport(
    { heading: 'CELERY', lastRuns: lastRuns !== undefined },
    flags,
    async (compared) => {
      const file = typeof lastRuns === 'string' ? resolve(lastRuns) : lastRuns;
      const options = { python, app, workdir, scheduler, lastRuns: file, compared };
      const exported = await runExporter(options);
      return { found: importApp(exported), source: `the app ${app} of Celery ${exported.celery}` };
    },
  );
}

/** That of the active virtual environment, which need not be first in the path. */
function findPython(): string {
  const active = join(process.env['VIRTUAL_ENV'] ?? '', 'bin/python');
  return process.env['VIRTUAL_ENV'] && existsSync(active) ? active : 'python3';
}
