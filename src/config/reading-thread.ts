/** Reads and validates configuration files, as the program of a thread: see `config-files.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Diagnostic, errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { isMap } from '../util/is-map.ts';
import { lowerThreadPriority } from '../util/lower-thread-priority.ts';
import { runAtOnce } from '../util/steps.ts';
import { thousands } from '../util/thousands.ts';
import { resolveInSteps, type Overrides } from './resolve.ts';
import { type ReadOptions, readSource } from './source/read.ts';

/** Plain data, which can be sent to a thread. */
export interface ReadInThreadOptions extends ReadOptions {
  readonly files: readonly string[];
  readonly overrides: Overrides | undefined;
}

export type ThreadMessage =
  | { readonly kind: 'invalid'; readonly errors: readonly Diagnostic[] }
  /** The following parts belong to this file. */
  | { readonly kind: 'source'; readonly file: string; readonly folder: string }
  /** A value at the top of the file, or some of its keys or items. */
  | { readonly kind: 'part'; readonly key: string; readonly part: unknown }
  | { readonly kind: 'end'; readonly warnings: readonly Diagnostic[] };

/** Keys or items in one message: the receiver copies them in one step. */
const CHUNK = 1_000;
/** The most errors that are sent: a message lists fifty. */
const MAX_ERRORS = 1_000;

lowerThreadPriority();

const messages = read(workerData as ReadInThreadOptions);
// The receiver requests each message, so that messages do not arrive in one step.
parentPort!.on('message', () => {
  void messages.next().then(({ value }) => parentPort!.postMessage(value));
});

async function* read(options: ReadInThreadOptions): AsyncGenerator<ThreadMessage> {
  const { files, overrides } = options;
  const sources = await Promise.all(files.map((file) => readSource(file, options)));
  try {
    const { warnings } = runAtOnce(resolveInSteps(sources, overrides));
    for (const { file, folder, config } of sources) {
      yield { kind: 'source', file: file!, folder: folder! };
      for (const [key, value] of Object.entries(config ?? {})) {
        for (const part of split(value)) yield { kind: 'part', key, part };
      }
    }
    yield { kind: 'end', warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const errors = error.errors.slice(0, MAX_ERRORS);
    const more = error.errors.length - errors.length;
    if (more > 0) errors.push(errorAt([], `and ${thousands(more)} more errors`));
    yield { kind: 'invalid', errors };
  }
}

function* split(value: unknown): Generator {
  if (Array.isArray(value) && value.length > CHUNK) {
    for (let at = 0; at < value.length; at += CHUNK) yield value.slice(at, at + CHUNK);
  } else if (isMap(value) && Object.keys(value).length > CHUNK) {
    for (const entries of split(Object.entries(value))) yield Object.fromEntries(entries as []);
  } else yield value;
}
