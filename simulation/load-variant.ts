// Loaded before a simulation: replaces a text in one file of src, so that a broken beat runs.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VARIANTS } from './variants.ts';

const variant = VARIANTS[process.env['SIMULATION_VARIANT'] ?? ''];
if (variant) {
  const { file, text, instead } = variant;
  const path = join(import.meta.dirname, '../src', file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(text)) throw new Error(`src/${file} does not contain: ${text}`);
  registerHooks({
    load: (url, context, next) => {
      if (!url.startsWith('file:') || fileURLToPath(url) !== path) return next(url, context);
      return { format: 'module-typescript', source: source.replace(text, () => instead), shortCircuit: true };
    },
  });
}
