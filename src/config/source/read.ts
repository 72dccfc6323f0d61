import { dirname, extname, resolve } from 'node:path';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Source } from './source.ts';
import { decode, readBytes, Unreadable } from './bytes.ts';
import { readJson } from './json.ts';
import { readModule } from './module.ts';
import { yamlToJson } from './yaml-to-json.ts';

export interface ReadOptions {
  readonly cwd: string;
  readonly maxSize: number;
  readonly id: string;
}

/** Reads one file. Errors are part of the result; the promise never rejects. */
export async function readSource(file: string, options: ReadOptions): Promise<Source> {
  const path = resolve(options.cwd, file);
  return { ...(await readContent(path, file, options)), folder: dirname(path) };
}

async function readContent(path: string, file: string, { maxSize, id }: ReadOptions): Promise<Source> {
  try {
    const text = decode(await readBytes(path, maxSize));
    // In UTF-8 only an escape can make a lone surrogate.
    const isWellFormed = !/\\u/i.test(text);
    switch (extname(file)) {
      case '.json':
        return { ...readJson(text, file), isWellFormed };
      case '.yaml':
      case '.yml':
        // The library is large, and many configurations do not need it.
        return { ...(readCommonYaml(text, file) ?? (await import('./yaml.ts')).readYaml(text, file)), isWellFormed };
      default:
        return await readModule({ path, text, file, id });
    }
  } catch (error) {
    return { file, config: undefined, errors: [errorIn(error as NodeJS.ErrnoException, file)] };
  }
}

/** `undefined` for YAML that the library must read, or explain. */
function readCommonYaml(text: string, file: string): Source | undefined {
  const json = yamlToJson(text);
  const source = json === null ? undefined : readJson(json, file);
  return source?.errors.length === 0 ? source : undefined;
}

function errorIn(error: NodeJS.ErrnoException, file: string): Diagnostic {
  if (error instanceof Unreadable) return { ...errorAt([], error.message), file, line: error.line };
  // The name was found in its folder, so it is a link whose target is missing.
  const reason = error.code === 'ENOENT' ? 'it is a link to a file that is not there' : error.message;
  return { ...errorAt([], `cannot be read: ${reason}`), file };
}
