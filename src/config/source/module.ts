import { stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import type { Source } from './source.ts';

/** `.ts` here and in development, `.js` once built: what a config imports is of the same kind as we are. */
const OWN_EXTENSION = extname(fileURLToPath(import.meta.url));

const OWN_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

const OWN_MODULES: ReadonlyMap<string, string> = new Map(
  [
    ['celery-beat', 'index'],
    ['celery-beat/testing', 'testing'],
    // The name of the package up to 0.1, which configurations may still import.
    ['beat', 'index'],
    ['beat/testing', 'testing'],
  ].map(([specifier, name]) => [
    specifier!,
    new URL(`../../${name!}${OWN_EXTENSION}`, import.meta.url).href,
  ]),
);

/**
 * A module whose default export is the configuration, or a function that returns it or a promise of it.
 * It may import `celery-beat` wherever it lies, and gets this installation, not another copy of it.
 */
export async function readModule(path: string, text: string, file: string): Promise<Source> {
  try {
    const config = await importConfig(path, text);
    if (!isNothing(config, formatOf(path, text))) return { file, config, errors: [] };
    const message = 'exports nothing by default; write: export default defineConfig({…})';
    return { file, config: undefined, errors: [{ ...errorAt([], message), file }] };
  } catch (error) {
    return { file, config: undefined, errors: await errorsIn(error, path, file) };
  }
}

/** Without an `export` Node makes a CommonJS module of an empty file, which exports an empty object. */
function isNothing(config: unknown, format: string | undefined): boolean {
  if (config === undefined || config === null) return true;
  return format === undefined && typeof config === 'object' && Object.keys(config).length === 0;
}

async function importConfig(path: string, text: string): Promise<unknown> {
  const url = pathToFileURL(path);
  // A changed file is read anew; an unchanged one is not kept twice.
  url.searchParams.set('changed', String((await stat(path)).mtimeMs));
  const exported = await importDefault(url.href, formatOf(path, text));
  return await (typeof exported === 'function' ? (exported as () => unknown)() : exported);
}

/** Imports the module as one of the given format, with `celery-beat` resolved for it and for what it imports. */
async function importDefault(url: string, format: string | undefined): Promise<unknown> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const own = OWN_MODULES.get(specifier);
      if (own !== undefined) return { url: own, shortCircuit: true };
      const resolved = next(specifier, context);
      return resolved.url === url && format !== undefined ? { ...resolved, format } : resolved;
    },
  });
  try {
    return ((await import(/* @vite-ignore */ url)) as { default?: unknown }).default;
  } finally {
    hooks.deregister();
  }
}

/** A config often lies in a folder without a package.json, where Node would have to guess, and says so. */
function formatOf(path: string, text: string): string | undefined {
  if (!/^\s*(?:import|export)\b/m.test(text)) return undefined;
  return path.endsWith('ts') ? 'module-typescript' : 'module';
}

async function errorsIn(error: unknown, path: string, file: string): Promise<Diagnostic[]> {
  const place = placeIn(error) ?? placeIn(await syntaxErrorWithLine(error, path));
  const here = place?.path === path ? { file, line: place.line } : { file };
  if (error instanceof ConfigError) {
    return error.errors.map((each) => ({ ...here, ...each }));
  }
  const where = place && place.path !== path ? ` (${place.path}:${place.line})` : '';
  return [{ ...errorAt([], messageOf(error, path) + where), ...here }];
}

function messageOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `threw ${describeError(error)}`;
  return describeError(error).replace(` imported from ${path}`, '');
}

/** The first place in the stack that is neither Node's nor a package's nor our own. */
function placeIn(error: unknown): { path: string; line: number } | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const places = stack.matchAll(/(?:\(|at |^)(?:file:\/\/)?(\/[^()?\n]*?)(?:\?[^:\n]*)?:(\d+)/gm);
  for (const [, name = '', line] of places) {
    const path = name.includes('%') ? fileURLToPath(`file://${name}`) : name;
    if (path.includes('/node_modules/') || path.startsWith(OWN_FOLDER)) continue;
    return { path, line: Number(line) };
  }
  return undefined;
}

/** For plain JavaScript an import tells no line of a syntax error; read as TypeScript it does. */
async function syntaxErrorWithLine(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    await importDefault(`${pathToFileURL(path).href}?again`, 'module-typescript');
  } catch (again) {
    return again;
  }
  return undefined;
}
