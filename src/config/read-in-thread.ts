import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { isMap } from '../util/is-map.ts';
import type { ReadInThreadOptions, ThreadMessage } from './reading-thread.ts';
import type { Source } from './source/source.ts';

/** Sources without errors, and the warnings about them. */
interface ValidSources {
  readonly sources: readonly Source[];
  readonly warnings: readonly Diagnostic[];
}

const PROGRAM = new URL(`reading-thread${extname(import.meta.url)}`, import.meta.url);

/** Reads and validates data files in a thread: parsing a large file blocks for seconds. Throws a `ConfigError`. */
export async function readInThread(options: ReadInThreadOptions): Promise<ValidSources> {
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
