// Writes docs/api.md, the generated parts of docs/events.md and docs/metrics.md, and the alert rules of the chart, which cannot
// read files outside of its folder: `npm run docs`.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { apiPage } from './api-docs.ts';
import { withEventReference } from './event-docs.ts';
import { withMetricReference } from './metric-docs.ts';

const api = new URL('../docs/api.md', import.meta.url);
const events = new URL('../docs/events.md', import.meta.url);
const metrics = new URL('../docs/metrics.md', import.meta.url);
const rules = new URL('../deploy/prometheus/beat.rules.yaml', import.meta.url);
const chart = new URL('../deploy/kubernetes/celery-beat/', import.meta.url);

const style = await resolveConfig(api);
await writeFile(api, await format(apiPage(), { ...style, parser: 'markdown' }));
await writeFile(events, await withEventReference(await readFile(events, 'utf8')));
await writeFile(metrics, await withMetricReference(await readFile(metrics, 'utf8')));
await copyFile(rules, new URL('beat.rules.yaml', chart));
