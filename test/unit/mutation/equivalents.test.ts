import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readEquivalents } from '../../../mutation/equivalents.ts';
import { trimLines } from '../../../mutation/mutant.ts';

test('equivalent mutations: each entry quotes lines of its file', () => {
  const outdated = readEquivalents().filter(({ file, was }) => {
    const lines = `\n${trimLines(readFileSync(file, 'utf8'))}\n`;
    return !lines.includes(`\n${was}\n`);
  });
  expect(outdated).toEqual([]);
});
