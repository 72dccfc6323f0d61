import { createRequire, registerHooks } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { stampFileSync } from './stamp.ts';
import type { Source } from './source.ts';

/** `.ts` here and in development, `.js` once built: what a config imports is of the same kind as we are. */
const OWN_EXTENSION = extname(fileURLToPath(import.meta.url));

const OWN_URL = new URL('../../', import.meta.url).href;
const OWN_FOLDER = fileURLToPath(OWN_URL);

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

export interface ModuleFile {
  readonly path: string;
  readonly text: string;
  /** As the user names it. */
  readonly file: string;
  /** Distinguishes this read from earlier ones: the module and what it imports are evaluated anew. */
  readonly id: string;
}

/**
 * A module whose default export is the configuration, or a function that returns it or a promise of it.
 * It may import `celery-beat` wherever it lies, and gets this installation, not another copy of it.
 */
export async function readModule({ path, text, file, id }: ModuleFile): Promise<Source> {
  const imports = new Map<string, string>();
  const format = formatOf(path, text);
  try {
    const exported = await importDefault(path, format, id, imports);
    const config = await (typeof exported === 'function'
      ? (exported as () => unknown)()
      : exported);
    if (!isNothing(config, format)) return { file, config, errors: [], imports };
    const message = 'exports nothing by default; write: export default defineConfig({…})';
    return { file, config: undefined, errors: [{ ...errorAt([], message), file }], imports };
  } catch (error) {
    return { file, config: undefined, errors: await errorsIn(error, path, file), imports };
  }
}

/** Without an `export` Node makes a CommonJS module of an empty file, which exports an empty object. */
function isNothing(config: unknown, format: string | undefined): boolean {
  if (config === undefined || config === null) return true;
  return format === undefined && typeof config === 'object' && Object.keys(config).length === 0;
}

/**
 * Imports the module in its format, with `celery-beat` resolved for it and for what it imports. Adds the files
 * that it imports to `imports`, with their stamps. CommonJS that is imported from a module stays as it is.
 */
async function importDefault(
  path: string,
  format: string | undefined,
  id: string,
  imports: Map<string, string>,
): Promise<unknown> {
  const root = pathToFileURL(path).href;
  const own = new Set([root]);
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const installed = OWN_MODULES.get(specifier);
      if (installed !== undefined) return { url: installed, shortCircuit: true };
      const resolved = next(specifier, context);
      if (resolved.url === withId(root, id)) {
        return format === undefined ? resolved : { ...resolved, format };
      }
      if (!own.has(withoutId(context.parentURL)) || !isUsersFile(resolved.url)) return resolved;
      const isRequired = context.conditions.includes('require');
      if (resolved.format === 'commonjs' && !isRequired) return resolved;
      own.add(resolved.url);
      const imported = fileURLToPath(resolved.url);
      if (!imports.has(imported)) imports.set(imported, stampFileSync(imported));
      if (!isRequired) return { ...resolved, url: withId(resolved.url, id) };
      required.add(imported);
      return resolved;
    },
  });
  try {
    if (format === undefined && !/\.m[jt]s$/.test(path)) return requireAnew(path);
    return ((await import(/* @vite-ignore */ withId(root, id))) as { default?: unknown }).default;
  } finally {
    hooks.deregister();
  }
}

const require = createRequire(import.meta.url);

/** Paths of CommonJS configurations and of what they have required. */
const required = new Set<string>();

/** Node caches CommonJS by path, so that no other URL would load it anew. */
function requireAnew(path: string): unknown {
  for (const each of required.add(path)) Reflect.deleteProperty(require.cache, each);
  const exported: unknown = require(path);
  return types.isModuleNamespaceObject(exported)
    ? (exported as { default?: unknown }).default
    : exported;
}

function withId(url: string, id: string): string {
  return `${url}?read=${id}`;
}

function withoutId(url = ''): string {
  return url.replace(/\?read=.*/, '');
}

/** Packages do not change while beat runs. */
function isUsersFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN_URL);
}

/** A config often lies in a folder without a package.json, where Node would have to guess, and says so. */
function formatOf(path: string, text: string): string | undefined {
  if (!/(?:^|;)\s*(?:import|export)\b/m.test(text)) return undefined;
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
    await importDefault(path, 'module-typescript', 'again', new Map());
  } catch (again) {
    return again;
  }
  return undefined;
}
