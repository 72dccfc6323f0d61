import { stat } from 'node:fs/promises';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError, type Problem } from '../../errors.ts';
import type { Source } from '../source.ts';

/** `.ts` here and in development, `.js` once built: what a config imports is of the same kind as we are. */
const OWN_EXTENSION = extname(fileURLToPath(import.meta.url));

const OWN_MODULES: ReadonlyMap<string, string> = new Map(
  [
    ['beat', 'index'],
    ['beat/testing', 'testing'],
  ].map(([specifier, name]) => [
    specifier!,
    new URL(`../../${name!}${OWN_EXTENSION}`, import.meta.url).href,
  ]),
);

/**
 * A module whose default export is the configuration, or a function that returns it or a promise of it.
 * It may import `beat` wherever it lies: it gets this very installation, not another copy of it.
 */
export async function readModule(path: string, text: string, file: string): Promise<Source> {
  try {
    const config = await importConfig(path, text);
    if (config !== undefined) return { file, config, problems: [] };
    const message = 'exports nothing by default; write: export default defineConfig({…})';
    return { file, config: undefined, problems: [{ file, path: [], message }] };
  } catch (error) {
    return { file, config: undefined, problems: problemsOf(error, path, text, file) };
  }
}

async function importConfig(path: string, text: string): Promise<unknown> {
  const url = pathToFileURL(path);
  // A changed file is read anew; an unchanged one is not kept twice.
  url.searchParams.set('changed', String((await stat(path)).mtimeMs));
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const own = OWN_MODULES.get(specifier);
      if (own !== undefined) return { url: own, shortCircuit: true };
      const resolved = next(specifier, context);
      return resolved.url === url.href ? { ...resolved, ...formatOf(path, text) } : resolved;
    },
  });
  try {
    const module = (await import(/* @vite-ignore */ url.href)) as { default?: unknown };
    const exported = module.default;
    return await (typeof exported === 'function' ? (exported as () => unknown)() : exported);
  } finally {
    hooks.deregister();
  }
}

/** A config often lies in a folder without a package.json, where Node would have to guess, and says so. */
function formatOf(path: string, text: string): { format: string } | undefined {
  if (!/^\s*(?:import|export)\b/m.test(text)) return undefined;
  return { format: path.endsWith('ts') ? 'module-typescript' : 'module' };
}

function problemsOf(error: unknown, path: string, text: string, file: string): Problem[] {
  const line = lineIn(error, path) ?? syntaxErrorLine(error, path, text);
  const place = { file, ...(line !== undefined && { line }) };
  if (error instanceof ConfigError) {
    return error.problems.map((problem) => ({ ...place, ...problem }));
  }
  return [{ ...place, path: [], message: messageOf(error, path) }];
}

function messageOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const message = error.message.replace(` imported from ${path}`, '');
  return error.name === 'Error' ? message : `${error.name}: ${message}`;
}

/** The first line of this file that the stack names. */
function lineIn(error: unknown, path: string): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const places = stack.matchAll(/(?:file:\/\/)?(\/[^\s()?]*)(?:\?changed=[\d.]+)?:(\d+)/g);
  for (const [, name, line] of places) {
    if (name !== undefined && decodeURI(name) === path) return Number(line);
  }
  return undefined;
}

/** For plain JavaScript an import tells no line of a syntax error; the parser for TypeScript does. */
function syntaxErrorLine(error: unknown, path: string, text: string): number | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    stripTypeScriptTypes(text, { sourceUrl: path });
    return undefined;
  } catch (again) {
    const stack = again instanceof Error ? (again.stack ?? '') : '';
    const line = stack.split('\n', 1)[0]?.match(/:(\d+)$/)?.[1];
    return line === undefined ? undefined : Number(line);
  }
}
