// Runs in each Node process that a test starts from src: it sees the mutation, or records, as the test does.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interceptLua } from './lua-files.ts';
import { FOLDER, MODE, readSwap } from './protocol.ts';
import { recordReached } from './reached.ts';

const root = resolve(import.meta.dirname, '..');
const recording = process.env[MODE] === 'record';
if (recording) recordReached();
const swap = recording ? null : readSwap(process.env[FOLDER]!);
interceptLua(swap);
const instrument = recording ? (await import('./scopes.ts')).instrument : null;

registerHooks({
  load: (url, context, next) => {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    const path = fileURLToPath(url);
    const file = relative(root, path);
    let source: string | null = null;
    if (swap?.file === file) source = swap.text;
    else if (instrument && file.startsWith('src/')) source = instrument(file, readFileSync(path, 'utf8'));
    if (source === null) return next(url, context);
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});
