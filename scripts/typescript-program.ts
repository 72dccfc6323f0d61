// The TypeScript program of tsconfig.json. Checks that run in one process share it, because resolving types takes most of
// their time.
import { relative } from 'node:path';
import ts from 'typescript';

/** Beside prettier's own cache: a second check of the types reads only changed files. */
const CACHE = 'node_modules/.cache/check.tsbuildinfo';

const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as { config: unknown };
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());

/** Finds errors, and stores in the cache that there are none. */
export const builder = ts.createIncrementalProgram({
  rootNames: fileNames,
  options: { ...options, incremental: true, tsBuildInfoFile: CACHE },
});
export const program = builder.getProgram();

/** The files that tsconfig.json includes; the program also has the declarations of packages. */
export const files = program
  .getSourceFiles()
  .filter(({ fileName }) => !relative(process.cwd(), fileName).startsWith('node_modules/'));
