import { mkdir, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { jsonSchema } from './json-schema.ts';

// Writes schema/celery-beat.schema.json, which editors use to complete YAML and JSON files.

const file = new URL('../schema/celery-beat.schema.json', import.meta.url);
const style = await resolveConfig(file);

await mkdir(new URL('.', file), { recursive: true });
await writeFile(file, await format(JSON.stringify(jsonSchema()), { ...style, parser: 'json' }));
