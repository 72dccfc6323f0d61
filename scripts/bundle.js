// Bundles the build, so that the command reads few files: of packages only the code that beat uses, and each of beat's
// modules with those that are loaded with it. Plain JavaScript, as scripts/prepare.js.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import manifest from '../package.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '..');
const BUILT = join(ROOT, 'dist');
const BUNDLE = join(ROOT, 'bundle');

/** The program, its threads, and what a configuration may import. */
const ENTRIES = ['cli/main', 'cli/service/http-thread', 'config/reading-thread', 'index', 'testing'];

/** Other packages stay files: an image can omit clients, and OpenTelemetry instruments clients and log. */
const BUNDLED = ['commander', 'jsonc-parser', 'luxon', 'tinyqueue', 'zod'];

/** Modules that have URLs of entries. */
const LOADERS = ['cli/service/serve-http.js', 'config/config-files.js', 'config/source/module.js'];

/** Keeps the URL of each module, to which its files are relative: in dist, or beside the entries of the bundle. */
const ownUrls = {
  name: 'own-urls',
  transform(code, id) {
    if (!id.startsWith(BUILT) || !code.includes('import.meta')) return null;
    if (/import\.meta\.(?!url\b)/.test(code)) throw new Error(`${id}: use import.meta.url`);
    const path = relative(BUILT, id);
    const file = `ROOT/${LOADERS.includes(path) ? 'bundle' : 'dist'}/${path}`;
    return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(file)}, import.meta.url).href`);
  },
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      const root = relative(join(BUNDLE, file.fileName, '..'), ROOT);
      file.code = file.code.replaceAll('new URL("ROOT/', `new URL("${root}/`);
    }
  },
};

/** Escapes characters beyond ASCII: one of them makes the text of a file take twice the memory. */
const ascii = {
  name: 'ascii',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      file.code = file.code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    }
  },
};

/** Takes the ES modules of jsonc-parser: bundlers do not understand its CommonJS. */
const jsoncParser = {
  name: 'jsonc-parser',
  resolveId: (id) => (id === 'jsonc-parser' ? '\0jsonc-parser' : null),
  load(id) {
    if (id !== '\0jsonc-parser') return null;
    const main = join(ROOT, 'node_modules/jsonc-parser/lib/esm/main.js');
    return `import * as jsonc from ${JSON.stringify(main)}; export default jsonc;`;
  },
};

/** Loads luxon, which few configurations need, at the first use of `DateTime`: its code takes 1 MB. */
const luxon = {
  name: 'luxon',
  resolveId: (id) => (id === 'luxon' ? '\0luxon' : null),
  load(id) {
    if (id !== '\0luxon') return null;
    return `import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      export const DateTime = new Proxy(class {}, { get: (_, name) => require('luxon').DateTime[name] });`;
  },
};

const packages = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
  (name) => !BUNDLED.includes(name),
);
const bundle = await rolldown({
  cwd: ROOT,
  platform: 'node',
  input: Object.fromEntries(ENTRIES.map((name) => [name, join(BUILT, `${name}.js`)])),
  external: packages.map((name) => new RegExp(`^${name}(/|$)`)),
  plugins: [ownUrls, jsoncParser, luxon, ascii],
  checks: { ineffectiveDynamicImport: false },
});
const { output } = await bundle.generate({
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  comments: { annotation: false, jsdoc: false },
});
await bundle.close();

// Files that are the same as before are left alone: instances may be starting from them.
for (const { fileName, code } of output) {
  const path = join(BUNDLE, fileName);
  if (existsSync(path) && readFileSync(path, 'utf8') === code) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
}
const written = new Set(output.map(({ fileName }) => fileName));
for (const path of globSync('**/*.js', { cwd: BUNDLE })) if (!written.has(path)) rmSync(join(BUNDLE, path));
