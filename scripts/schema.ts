import { mkdir, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { configPage } from './config-page.ts';
import { configTypes } from './config-types.ts';
import { jsonSchema } from './json-schema.ts';

// Writes what is derived from the schemas of the configuration: types, the JSON Schema for editors, and the page of all options.

await write('src/generated/config-types.ts', 'typescript', configTypes());
await write('schema/celery-beat.schema.json', 'json', JSON.stringify(jsonSchema()));
await write('docs/configuration.md', 'markdown', configPage());

async function write(path: string, parser: string, text: string): Promise<void> {
  const file = new URL(`../${path}`, import.meta.url);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser }));
}
