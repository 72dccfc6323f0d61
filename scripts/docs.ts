// Writes the generated parts of docs/events.md and docs/metrics.md: `npm run docs`.
import { readFile, writeFile } from 'node:fs/promises';
import { withEventReference } from './event-docs.ts';
import { withMetricReference } from './metric-docs.ts';

const events = new URL('../docs/events.md', import.meta.url);
const metrics = new URL('../docs/metrics.md', import.meta.url);

await writeFile(events, await withEventReference(await readFile(events, 'utf8')));
await writeFile(metrics, await withMetricReference(await readFile(metrics, 'utf8')));
