// Writes bench/README.md and docs/bench.svg from bench/results.json, after it has added the given measurements to it:
// npm run bench -- --json FILE; node bench/page.ts FILE…
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { drawComparison } from './comparison-chart.ts';
import { renderPage } from './render-page.ts';
import { mergeResults, type Measurement, type Results } from './results.ts';

const RESULTS = resolve(import.meta.dirname, 'results.json');

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const before = existsSync(RESULTS) ? (read(RESULTS) as Results) : {};
const results = mergeResults(
  before,
  process.argv.slice(2).map((file) => read(file) as Measurement),
);
const style = await resolveConfig(RESULTS);
writeFileSync(RESULTS, await format(JSON.stringify(results), { ...style, parser: 'json' }));
writeFileSync(resolve(import.meta.dirname, 'README.md'), await renderPage(results));
writeFileSync(resolve(import.meta.dirname, '../docs/bench.svg'), drawComparison(results));
