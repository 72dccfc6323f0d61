// Writes the generated part of docs/events.md: `npm run docs`.
import { readFile, writeFile } from 'node:fs/promises';
import { withEventReference } from './event-docs.ts';

const file = new URL('../docs/events.md', import.meta.url);

await writeFile(file, await withEventReference(await readFile(file, 'utf8')));
