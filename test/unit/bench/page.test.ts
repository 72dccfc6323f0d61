import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawComparison } from '../../../bench/comparison-chart.ts';
import { renderPage } from '../../../bench/render-page.ts';
import { mergeResults, type Measurement, type Results } from '../../../bench/results.ts';
import type { Row } from '../../../bench/table.ts';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const makeRow = (bench: string, what: string, figure: string, more: Partial<Row> = {}): Row => ({
  ...{ bench, what, figure },
  ...more,
});
const makeMeasurement = (rows: readonly Row[], commit = 'a'.repeat(40)): Measurement => ({
  ...{ measuredAt: '2026-11-25T05:00:00.000Z', commit, machine: 'Node v24, 2 × CPU', load: '1.0', quick: false },
  rows,
});

test('bench: the page and its chart are those of the stored results (node bench/page.ts writes them)', async () => {
  const results = JSON.parse(read('bench/results.json')) as Results;
  expect(await renderPage(results)).toBe(read('bench/README.md'));
  expect(drawComparison(results)).toBe(read('docs/bench.svg'));
});

test('bench: a new measurement replaces the rows of its bench only', () => {
  const first = mergeResults({}, [makeMeasurement([makeRow('burst', 'a', '1 s'), makeRow('start', 'b', '2 s')])]);
  const second = mergeResults(first, [makeMeasurement([makeRow('burst', 'c', '3 s')], 'b'.repeat(40))]);
  expect(second['burst']!.rows.map(({ what }) => what)).toEqual(['c']);
  expect(second['burst']!.commit).toBe('b'.repeat(40));
  expect(second['start']).toEqual(first['start']);
});

test('bench: the page has a section with its command for each measured bench, and none for others', async () => {
  const page = await renderPage(mergeResults({}, [makeMeasurement([makeRow('burst', 'beat', '1 s')])]));
  expect(page).toContain('npm run bench -- --only burst');
  expect(page).not.toContain('--only start`');
});

test('bench: a cron expression is quoted on the page, so that its asterisks are shown', async () => {
  const page = await renderPage(
    mergeResults({}, [makeMeasurement([makeRow('next()', '* * * * *  UTC', '1 µs first')])]),
  );
  expect(page).toContain('`* * * * *`');
});

test('bench: the chart compares figures of one run, and leaves out what was not measured', () => {
  const rows = [makeRow('burst', 'beat, 50,000 entries due at once', '40,000 messages/s')];
  const peer = makeRow('burst', 'RedBeat, 5,000 entries due at once', '4,000 messages/s');
  const svg = drawComparison(mergeResults({}, [makeMeasurement([...rows, peer])]));
  const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(2);
  expect(widths[0]! / widths[1]!).toBeCloseTo(10, 0);
  expect(svg).not.toContain('takeover');
});
