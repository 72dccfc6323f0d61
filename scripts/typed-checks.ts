// The checks that resolve types: all of them, or those named by the arguments, in one process.
import { ESLint } from 'eslint';
import ts from 'typescript';
import { builder, files, program } from './typescript-program.ts';
import { findUnused } from './unused.ts';

/** Whether a check found nothing. */
const CHECKS: Readonly<Record<string, () => boolean | Promise<boolean>>> = { types, unused, lint };

const asked = process.argv.slice(2);
for (const [name, check] of Object.entries(CHECKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  const passed = await check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'ok' : 'FAILED'} ${name} (${seconds} s)`);
  if (!passed) process.exitCode = 1;
}

function types(): boolean {
  const found = [
    ...program.getConfigFileParsingDiagnostics(),
    ...builder.getOptionsDiagnostics(),
    ...builder.getSyntacticDiagnostics(),
    ...builder.getGlobalDiagnostics(),
    ...builder.getSemanticDiagnostics(),
  ];
  // With noEmit, it writes the cache alone.
  found.push(...builder.emit().diagnostics);
  const format = 'FORCE_COLOR' in process.env ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics;
  const host = ts.createCompilerHost(program.getCompilerOptions());
  process.stdout.write(format(ts.sortAndDeduplicateDiagnostics(found), host));
  return found.length === 0;
}

function unused(): boolean {
  const found = findUnused();
  for (const line of found) console.log(line);
  console.log(`${files.length} files, ${found.length} unused`);
  return found.length === 0;
}

async function lint(): Promise<boolean> {
  const eslint = new ESLint({
    overrideConfig: {
      files: ['**/*.ts', '**/*.mts'],
      languageOptions: { parserOptions: { projectService: false, programs: [program] } },
    },
  });
  const results = await eslint.lintFiles('.');
  const formatter = await eslint.loadFormatter('stylish');
  process.stdout.write(await formatter.format(results));
  return results.every(({ errorCount, warningCount }) => errorCount + warningCount === 0);
}
