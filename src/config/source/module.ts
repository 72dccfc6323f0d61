import { createRequire, registerHooks } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { stampFileSync } from './bytes.ts';
import type { Source } from './source.ts';

/** `.ts` in the source tree, `.js` in the build: a configuration imports modules of the same kind. */
const OWN_EXTENSION = extname(fileURLToPath(import.meta.url));

const OWN_URL = new URL('../../', import.meta.url).href;
const OWN_FOLDER = fileURLToPath(OWN_URL);

const OWN_MODULES: ReadonlyMap<string, string> = new Map(
  [
    ['celery-beat', 'index'],
    ['celery-beat/testing', 'testing'],
  ].map(([specifier, name]) => [specifier!, new URL(`../../${name!}${OWN_EXTENSION}`, import.meta.url).href]),
);

interface ModuleFile {
  readonly path: string;
  readonly text: string;
  readonly file: string;
  /** Distinguishes this read from earlier ones: the module and its imports are evaluated again. */
  readonly id: string;
}

/** Reads a module that exports a configuration, a promise of it, or a function. `celery-beat` is this installation. */
export async function readModule({ path, text, file, id }: ModuleFile): Promise<Source> {
  const imports = new Map<string, string>();
  const format = detectFormat(path, text);
  try {
    const exported = await importDefault(path, format, id, imports);
    const config = await (typeof exported === 'function' ? (exported as () => unknown)() : exported);
    if (!isNothing(config, format)) return { file, config, errors: [], imports };
    const message = 'exports nothing by default; write: export default defineConfig({…})';
    return { file, config: undefined, errors: [{ ...errorAt([], message), file }], imports };
  } catch (error) {
    return { file, config: undefined, errors: await toDiagnostics(error, path, file), imports };
  }
}

/** Whether a module exports nothing. Node reads an empty file as a CommonJS module that exports an empty object. */
function isNothing(config: unknown, format: string | undefined): boolean {
  if (config === undefined || config === null) return true;
  return format === undefined && typeof config === 'object' && Object.keys(config).length === 0;
}

/** Imports a module, and resolves `celery-beat` in it and its imports, whose stamps it adds to `imports`. */
async function importDefault(path: string, format: string | undefined, id: string, imports: Map<string, string>) {
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
      if (!own.has(context.parentURL?.replace(/\?read=.*/, '') ?? '') || !isUsersFile(resolved.url)) return resolved;
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

const required = new Set<string>();

/** Evaluates a CommonJS module again. Node caches CommonJS by path, so another URL would not suffice. */
function requireAnew(path: string): unknown {
  for (const each of required.add(path)) Reflect.deleteProperty(require.cache, each);
  const exported: unknown = require(path);
  return types.isModuleNamespaceObject(exported) ? (exported as { default?: unknown }).default : exported;
}

function withId(url: string, id: string): string {
  return `${url}?read=${id}`;
}

/** Whether a file is the user's, not a package's: packages do not change while beat runs. */
function isUsersFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN_URL);
}

/** The format of an ES module: without a package.json Node would guess it, and warn. */
function detectFormat(path: string, text: string): string | undefined {
  if (!/(?:^|;)\s*(?:import|export)\b/m.test(text)) return undefined;
  return path.endsWith('ts') ? 'module-typescript' : 'module';
}

async function toDiagnostics(error: unknown, path: string, file: string): Promise<Diagnostic[]> {
  const location = findLocation(error) ?? findLocation(await syntaxErrorWithLine(error, path));
  const position = location?.path === path ? { file, line: location.line } : { file };
  if (error instanceof ConfigError) {
    return error.errors.map((each) => ({ ...position, ...each }));
  }
  const elsewhere = location && location.path !== path;
  const suffix = elsewhere ? ` (${location.path}:${location.line})` : '';
  return [{ ...errorAt([], describeThrown(error, path) + suffix), ...position }];
}

function describeThrown(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `threw ${describeError(error)}`;
  return describeError(error).replace(` imported from ${path}`, '');
}

/** The first line in the stack that belongs to the user's code. */
function findLocation(error: unknown): { path: string; line: number } | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const lines = stack.matchAll(/(?:\(|at |^)(?:file:\/\/)?(\/[^()?\n]*?)(?:\?[^:\n]*)?:(\d+)/gm);
  for (const [, name = '', line] of lines) {
    const path = name.includes('%') ? fileURLToPath(`file://${name}`) : name;
    if (path.includes('/node_modules/') || path.startsWith(OWN_FOLDER)) continue;
    return { path, line: Number(line) };
  }
  return undefined;
}

/** A syntax error with its line, which Node reports for TypeScript but not for JavaScript. */
async function syntaxErrorWithLine(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    await importDefault(path, 'module-typescript', 'again', new Map());
  } catch (again) {
    return again;
  }
  return undefined;
}
