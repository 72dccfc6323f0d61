import { readFileSync } from 'node:fs';
import { parseJson } from './decode/json.ts';

export const VERSION = (
  parseJson(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }
).version;
