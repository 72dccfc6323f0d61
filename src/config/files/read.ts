import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Source } from '../source.ts';
import { readJson } from './json.ts';
import { readModule } from './module.ts';
import { readYaml } from './yaml.ts';

/** What stands in one file. What is wrong with it comes along as problems; it never rejects. */
export async function readSource(file: string, cwd: string): Promise<Source> {
  const path = resolve(cwd, file);
  try {
    const text = await readFile(path, 'utf8');
    switch (extname(file)) {
      case '.json':
        return readJson(text, file);
      case '.yaml':
      case '.yml':
        return readYaml(text, file);
      default:
        return await readModule(path, text, file);
    }
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    return { file, config: undefined, problems: [{ file, path: [], message }] };
  }
}
