import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readJson } from '../../../config/source/json.ts';
import { BeatError, describeError } from '../../../util/errors.ts';
import type { Exported } from '../../../import/celery/exported.ts';

/** The folder that contains the Python package of the exporter. */
const PACKAGES = fileURLToPath(new URL('../../../../python', import.meta.url));

/** Imports the exporter, and takes its folder from the path again so that the project's modules keep their names. */
const PROGRAM = `
import sys
sys.path.insert(0, sys.argv.pop(1))
from celery_beat.export.main import main
del sys.path[0]
main()
`;

/** The file descriptor of the result: the project may print to the others. */
const RESULT = 3;

export interface ExporterOptions {
  /** The Python of the project. */
  readonly python: string;
  /** What `celery -A` gets. */
  readonly app: string;
  /** The working directory, from which Python imports. */
  readonly workdir: string;
  /** What `celery beat -S` gets. */
  readonly scheduler?: string | undefined;
  /** The import path of the scheduler's class to take if the app names one that is not a subclass. */
  readonly base?: string | undefined;
  /** The file of Celery's scheduler; `true` asks the scheduler itself. */
  readonly lastRuns?: string | true | undefined;
  /** The number of instants to compute for each entry, and the instant before the first. */
  readonly compared: { readonly count: number; readonly after: Date };
}

/** Runs the exporter with the Python of a project. Throws a `BeatError` that says what to do. */
export async function runExporter(options: ExporterOptions): Promise<Exported> {
  const { python, app, workdir, scheduler, base, lastRuns, compared } = options;
  if (!existsSync(workdir)) throw new BeatError(`--workdir: there is no folder ${workdir}`);
  const given = JSON.stringify({
    ...{ scheduler, base },
    last_runs: lastRuns,
    compared: { count: compared.count, after: compared.after.toISOString() },
  });
  const child = spawn(python, ['-B', '-c', PROGRAM, PACKAGES, app, String(RESULT), given], {
    cwd: workdir,
    stdio: ['ignore', 2, 2, 'pipe'],
  });
  const chunks: Buffer[] = [];
  const pipe = child.stdio[RESULT]!;
  pipe.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new BeatError(
          `${python} cannot be run: ${describeError(error)}; name the project's Python: --python .venv/bin/python`,
        ),
      );
    });
    child.once('close', (code, signal) => {
      resolve(signal ?? `code ${String(code)}`);
    });
  });
  return readResult(Buffer.concat(chunks).toString(), `${python} ended with ${ended}`);
}

interface Result {
  readonly exported?: Exported;
  readonly error?: string;
}

function readResult(text: string, ended: string): Exported {
  const result = readJson(text, 'the export').config as Result | undefined;
  if (result?.error !== undefined) throw new BeatError(result.error);
  if (!result?.exported) {
    throw new BeatError(`${ended} before the export was complete; see its output above`);
  }
  return result.exported;
}
