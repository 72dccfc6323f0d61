import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readJson } from '../../../config/source/json.ts';
import type { Exported } from '../../../import/celery/exported.ts';
import type { Clock } from '../../../util/clock.ts';
import { BeatError, describeError, ConfigError } from '../../../util/errors.ts';
import { writeError } from '../../output/lines.ts';

/** The folder that contains the Python package of the exporter. */
const PACKAGES = fileURLToPath(new URL('../../../../python', import.meta.url));

/** Imports the exporter, then removes its folder from the path, so that it hides no module of the project. */
const PROGRAM = `
import sys
sys.path.insert(0, sys.argv.pop(1))
from celery_beat.export.main import main
del sys.path[0]
main()
`;
import { readInput } from './source.ts';

/** The file descriptor of the result: the project may print to the others. */
const RESULT = 3;

/** Milliseconds until the import prints what it waits for. */
const PATIENCE = 10_000;

export interface ExporterOptions {
  readonly python: string;
  readonly app: string;
  /** The working directory, from which Python imports. */
  readonly workdir: string;
  readonly scheduler?: string | undefined;
  /** The import path of the scheduler class to use if the app's own class is not a subclass of it. */
  readonly base?: string | undefined;
  /** The file of Celery's scheduler; `true` asks the scheduler itself. */
  readonly lastRuns?: string | true | undefined;
  /** The number of instants to compute for each entry, and the instant before the first. */
  readonly compared: { readonly count: number; readonly after: Date };
  /** Seconds by which the clock of the project is ahead. */
  readonly ahead?: number;
  /** The most seconds that the export may take. */
  readonly timeout: number;
  /** Called with a sentence when the export takes long. */
  readonly onWait: (text: string) => void;
  readonly clock: Clock;
  readonly quiet?: boolean;
}

/** A message of the exporter: its next stage, or the result. */
interface ExporterMessage {
  readonly stage?: Stage;
  readonly exported?: Exported;
  readonly error?: string;
}

interface Stage {
  readonly waits_for: string;
  /** What the user can do if this stage does not end. */
  readonly instead?: string | null;
}

/** Runs the exporter with the project's Python, and kills it after the timeout. Throws a `BeatError` with advice. */
export async function runExporter(options: ExporterOptions): Promise<Exported> {
  const { python, app, workdir, timeout, onWait, clock, quiet = false } = options;
  if (!existsSync(workdir)) throw new BeatError(`--workdir: there is no folder ${workdir}`);
  const output = quiet ? 'ignore' : 2;
  const { scheduler, base, lastRuns, compared, ahead } = options;
  const given = JSON.stringify({ scheduler, base, last_runs: lastRuns, compared, ahead });
  const args = ['-B', '-c', PROGRAM, PACKAGES, app, String(RESULT), given];
  const child = spawn(python, args, { cwd: workdir, stdio: ['ignore', output, output, 'pipe'] });
  const pipe = child.stdio[RESULT] as Readable;
  const lines = createInterface({ input: pipe });
  let stage: Stage = { waits_for: `the start of ${python}` };
  const done = new AbortController();
  try {
    const result = await new Promise<ExporterMessage>((resolve, reject) => {
      lines.on('line', (text) => {
        const message = readJson(text, 'the export').config as ExporterMessage | undefined;
        if (message?.stage) stage = message.stage;
        else resolve(message ?? {});
      });
      child.once('error', (error) => {
        const reason = describeError(error);
        reject(
          new BeatError(`${python} cannot be run: ${reason}; name the project's Python: --python .venv/bin/python`),
        );
      });
      child.once('close', (code, signal) => {
        const ended = `${python} ended with ${signal ?? `code ${String(code)}`}`;
        reject(new BeatError(`${ended} before the export was complete; see its output above`));
      });
      const formatStage = () => `${stage.waits_for}${stage.instead ? `; ${stage.instead}` : ''}`;
      const { signal } = done;
      void clock.sleep(PATIENCE, signal).then(() => {
        if (!signal.aborted) onWait(`waiting for ${formatStage()}`);
      });
      void clock.sleep(timeout * 1_000, signal).then(() => {
        const limit = `nothing came within ${timeout} s, waiting for`;
        reject(new BeatError(`${limit} ${formatStage()}; --timeout SECONDS waits longer`));
      });
    });
    if (result.exported) return result.exported;
    throw new BeatError(result.error ?? 'the export is empty');
  } finally {
    done.abort();
    child.kill('SIGKILL');
    // A process that the project has forked may hold the other end of the pipe.
    pipe.destroy();
  }
}

const NAME = 'python3';

/**
 * Returns the Python that runs a project: the given path, else the Python of the active virtual environment, which need
 * not be first in the path. Otherwise prints which Python of the path it uses, because a project rarely runs with the
 * Python of the host.
 */
export function findPython(named: string | undefined): string {
  if (named !== undefined) return named;
  const { VIRTUAL_ENV: active = '', PATH = '' } = process.env;
  const python = join(active, 'bin/python');
  if (active !== '' && existsSync(python)) return python;
  const found = PATH.split(delimiter)
    .map((folder) => join(folder, NAME))
    .find((path) => existsSync(path));
  const why = active === '' ? 'no virtual environment is active' : `${python} does not exist`;
  const text = `${why}, so the project runs with ${found ?? NAME}`;
  writeError(`note: ${text}; --python .venv/bin/python names another`);
  return found ?? NAME;
}

/** Reads the output of `celery_beat.export` from a file, or standard input for `-`. Throws a `ConfigError`. */
export function readExport(path: string): Exported {
  const { text } = readInput(path, `--exported: ${path}`);
  const exported = readJson(text, path).config as Partial<Exported> | null;
  if (exported?.settings && exported.entries && exported.problems) return exported as Exported;
  throw new ConfigError(`--exported: ${path} is not the export of a Celery app`);
}
