import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import { systemClock } from '../util/system-clock.ts';
import { ConfigError, describeError } from '../util/errors.ts';
import { isMap } from '../util/is-map.ts';
import { runInSlices } from '../util/run-in-slices.ts';
import { IcsFiles } from './calendars/ics-files.ts';
import type { ReadInThreadOptions, ThreadMessage } from './reading-thread.ts';
import { resolveInSteps, type Overrides } from './resolve.ts';
import type { Settings } from './settings.ts';
import { findConfig } from './source/find.ts';
import { MAX_FILE_SIZE, type Source } from './source/source.ts';
import { readSource } from './source/read.ts';
import { stampFile } from './source/bytes.ts';

export interface ConfigFilesOptions {
  /** The folder that relative paths start from, and that is searched when no path is given. */
  readonly cwd: string;
  readonly overrides?: () => Overrides;
  /** The most bytes of a file; a larger one is rejected before it is read. */
  readonly maxFileSize?: number | undefined;
  /** Bytes that the process may still use; unlimited by default. */
  readonly availableMemory?: () => number;
}

type Stamps = ReadonlyMap<string, string>;

let reads = 0;

/** The files of a configuration: one file, a folder, or by default `beat.config.*` or the folder `schedules`. */
export class ConfigFiles {
  readonly #path: string | undefined;
  readonly #options: ConfigFilesOptions;
  /** What the files used when they were last read: imported modules and calendar files. */
  #used: Stamps = new Map();
  #lastRead: Stamps | null = null;

  constructor(path: string | undefined, options: ConfigFilesOptions) {
    this.#path = path;
    this.#options = options;
  }

  get isNamed(): boolean {
    return this.#path !== undefined;
  }

  /** The size of the data files, and about how much memory reading them takes, in bytes. */
  async measure(): Promise<{ readonly bytes: number; readonly memory: number }> {
    const { cwd } = this.#options;
    // The read reports why there are no files.
    const files = await findConfig(this.#path, cwd).catch(() => []);
    return measureFiles({ files, cwd });
  }

  /** Reads and validates the files as they are now. Throws one `ConfigError` with every error found. */
  async read(): Promise<Settings> {
    const { cwd, overrides, maxFileSize: maxSize = MAX_FILE_SIZE } = this.#options;
    const { availableMemory = () => Infinity } = this.#options;
    const id = String(++reads);
    // Stamped before the read, so that a change during the read counts as a change after it.
    const stamps = await this.#stampOwn();
    const isAgain = this.#lastRead !== null;
    this.#lastRead = stamps;
    const options = { files: await findConfig(this.#path, cwd), cwd, maxSize, id, overrides: overrides?.() };
    const { sources, warnings } =
      isAgain && isMainThread && (await needsThread(options, availableMemory()))
        ? await readInThread(options)
        : { sources: await Promise.all(options.files.map((file) => readSource(file, options))), warnings: null };
    const imports = sources.flatMap((source) => [...(source.imports ?? [])]);
    const icsFiles = new IcsFiles();
    try {
      const settings = await runInSlices(resolveInSteps(sources, options.overrides, icsFiles), systemClock);
      return warnings ? { ...settings, warnings } : settings;
    } finally {
      this.#used = new Map([...imports, ...icsFiles.stamps]);
      this.#lastRead = new Map([...stamps, ...this.#used]);
    }
  }

  /** Whether a file was changed, added or removed since the last read began. */
  async hasChanged(): Promise<boolean> {
    return !isDeepStrictEqual(await this.stamp(), this.#lastRead);
  }

  /** The stamps of all files, and of the modules and calendar files that they used at the last read. */
  async stamp(): Promise<Stamps> {
    return new Map([...(await this.#stampOwn()), ...(await stampAll([...this.#used.keys()]))]);
  }

  async #stampOwn(): Promise<Stamps> {
    const { cwd } = this.#options;
    try {
      return await stampAll((await findConfig(this.#path, cwd)).map((file) => resolve(cwd, file)));
    } catch (error) {
      return new Map([['', describeError(error)]]);
    }
  }
}

/** Files with more bytes are read in a thread while beat runs. Smaller ones are parsed within 50 ms. */
const LARGE = 64 * 1024;
/** The bytes of a thread without those for the files, measured. */
const THREAD = 40e6;
/** Bytes of memory for each byte of a file, measured. */
const NEEDED = { json: 25, yaml: 180 };

const DATA = /\.(json|ya?ml)$/;

/** Whether the files are data, too large for the main thread, and the host has the memory for a thread. */
async function needsThread(options: ReadInThreadOptions, available: number): Promise<boolean> {
  if (!options.files.every((file) => DATA.test(file))) return false;
  const { bytes, memory } = await measureFiles(options);
  return bytes > LARGE && THREAD + memory < available;
}

/** The size of the data files, and the memory that reading them takes, in bytes. */
async function measureFiles({ files, cwd }: Pick<ReadInThreadOptions, 'files' | 'cwd'>) {
  let bytes = 0;
  let memory = 0;
  for (const file of files.filter((name) => DATA.test(name))) {
    // Reading reports a file that is missing.
    const size = await stat(resolve(cwd, file)).then(
      (stats) => stats.size,
      () => 0,
    );
    bytes += size;
    memory += size * NEEDED[file.endsWith('.json') ? 'json' : 'yaml'];
  }
  return { bytes, memory };
}

async function stampAll(paths: readonly string[]): Promise<Stamps> {
  const stamps = await Promise.all(paths.map(stampFile));
  return new Map(paths.map((path, i) => [path, stamps[i]!]));
}

const PROGRAM = new URL(`reading-thread${extname(import.meta.url)}`, import.meta.url);

/** Reads and validates data files in a thread: parsing a large file blocks for seconds. Throws a `ConfigError`. */
async function readInThread(options: ReadInThreadOptions) {
  const resourceLimits = { maxYoungGenerationSizeMb: 16 };
  const worker = new Worker(PROGRAM, { workerData: options, name: 'configuration', resourceLimits });
  const sources: (Source & { readonly config: Record<string, unknown> })[] = [];
  try {
    for (;;) {
      worker.postMessage(null);
      const [message] = (await once(worker, 'message')) as [ThreadMessage];
      if (message.kind === 'invalid') throw new ConfigError(message.errors);
      if (message.kind === 'end') return { sources, warnings: message.warnings };
      if (message.kind === 'part') add(sources.at(-1)!.config, message.key, message.part);
      else {
        const { file, folder } = message;
        sources.push({ file, folder, config: {}, errors: [], isValid: true });
      }
    }
  } finally {
    await worker.terminate();
  }
}

function add(config: Record<string, unknown>, key: string, part: unknown): void {
  const before = config[key];
  if (Array.isArray(before) && Array.isArray(part)) before.push(...(part as unknown[]));
  else if (isMap(before) && isMap(part)) Object.assign(before, part);
  else config[key] = part;
}
