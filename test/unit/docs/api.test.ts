import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { apiPage } from '../../../scripts/api-docs.ts';

test('docs/api.md is what `npm run docs` writes', async () => {
  const file = new URL('../../../docs/api.md', import.meta.url);
  const style = await resolveConfig(file);
  expect(readFileSync(file, 'utf8')).toBe(await format(apiPage(), { ...style, filepath: file.pathname }));
});
