#!/usr/bin/env node
// Nothing is imported here before the version is known: an older Node would stop at the first import
// with a stack trace instead of a sentence.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`beat needs Node 22.18 or newer; this is Node ${process.versions.node}\n`);
  process.exit(2);
}

// By default this signal opens Node's debugger on a port, to every user of the host. Where the flag
// --disable-sigusr1 was not given, this is the first moment at which that can be prevented.
process.on('SIGUSR1', () => {});

// node:sqlite is announced as experimental on Node 22. Whoever runs beat can do nothing about it.
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = (warning: string | Error, ...rest: [never]) => {
  if (String(warning).includes('SQLite')) return;
  emitWarning(warning, ...rest);
};

const { main } = await import('./main.ts');
const code = await main(process.argv.slice(2));
// Left open for 0: output that cannot be written may yet make a failure of it, or has done so.
if (code !== 0) process.exitCode ??= code;

export {};
