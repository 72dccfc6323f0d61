#!/usr/bin/env node
import type * as program from './main.ts';

// Nothing is imported before the version check: an older Node would fail at the first import with a stack
// trace instead of a message.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`beat needs Node 22.18 or newer; this is Node ${process.versions.node}\n`);
  process.exit(2);
}

// Until `runFast`, V8 optimizes nothing: the code of its optimizing compilers takes 8 MB once functions of the loader are
// hot, and its young generation would grow by 17 MB. Only where the defaults are known, and the user set no such flags.
const flags = `${process.execArgv.join()} ${process.env['NODE_OPTIONS']}`;
const isKnown = major === 24 && ['x64', 'arm64'].includes(process.arch);
if (isKnown && !/jit|opt\b|maglev|turbofan|lite|growth/.test(flags)) {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  ['--no-opt', '--no-maglev', '--semi-space-growth-factor=1'].forEach((flag) => setFlagsFromString(flag));
  const runFast = () =>
    ['--opt', '--maglev', '--semi-space-growth-factor=2'].forEach((flag) => setFlagsFromString(flag));
  Object.assign(globalThis, { [Symbol.for('beat.runFast')]: runFast });
}

// By default this signal makes Node open its debugger on a port, which every user of the host can reach.
// Without the flag --disable-sigusr1, this line is the earliest place to prevent that.
process.on('SIGUSR1', () => {});

// Node 22 warns that node:sqlite is experimental, which users of beat cannot change.
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = (warning: string | Error, ...rest: [never]) => {
  if (String(warning).includes('SQLite')) return;
  emitWarning(warning, ...rest);
};

// The build has a bundle of the program, which loads in half the time.
const bundle = new URL('../../bundle/cli/main.js', import.meta.url);
const isBundled = import.meta.url.endsWith('.js') && process.getBuiltinModule('node:fs').existsSync(bundle);
const { main } = (await (isBundled ? import(bundle.href) : import('./main.ts'))) as typeof program;
const code = await main(process.argv.slice(2));
// The code 0 is not set: an error while writing output may set the exit code to 1, before or after this line.
if (code !== 0) process.exitCode ??= code;

export {};
