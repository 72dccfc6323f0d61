import { expect, test } from 'vitest';
import { compareRounds, findUnmatched, formatComparisons } from '../../../bench/compare.ts';
import { readFigures } from '../../../bench/figures.ts';
import type { Row } from '../../../bench/table.ts';

const makeRow = (figure: string, behind = ''): Row => ({ bench: 'burst', what: 'beat', figure, behind });
const makeRounds = (others: readonly string[], owns: readonly string[]) =>
  others.map((other, i) => ({ other: [makeRow(other)], own: [makeRow(owns[i]!)] }));

test.for([
  ['81,002 messages/s', [['', 81_002, 'messages/s']]],
  ['0.32', [['', 0.32, '']]],
  [
    'p50 1.2 ms, p99 5.3 ms',
    [
      ['p50', 1.2, 'ms'],
      ['p99', 5.3, 'ms'],
    ],
  ],
  [
    '0.52 µs first, 0.10 µs again',
    [
      ['first', 0.52, 'µs'],
      ['again', 0.1, 'µs'],
    ],
  ],
  ['missing', []],
] as const)('bench: reads the numbers of the figure "%s"', ([text, expected]) => {
  const figures = readFigures(makeRow(text));
  expect(figures.map(({ label, value, unit }) => [label, value, unit])).toEqual(expected);
});

test.for([
  ['21,254 to 26,966, 3 rounds; 44 µs of the processors each', 44, 'µs'],
  ['1.10 to 1.32, 3 rounds, 2.05 s of a processor', 2.05, 's'],
] as const)('bench: reads the processor time of "%s"', ([behind, value, unit]) => {
  expect(readFigures(makeRow('3 s', behind))).toContainEqual(
    expect.objectContaining({ label: 'processor time', value, unit }),
  );
});

test.for([
  ['a higher rate', '100 messages/s', '120 messages/s', 'better'],
  ['a lower rate', '100 messages/s', '80 messages/s', 'worse'],
  ['a higher share', '0.50', '0.60', 'better'],
  ['a longer time', '100 ms', '120 ms', 'worse'],
  ['a shorter time', '100 ms', '80 ms', 'better'],
  ['a difference within the tolerance', '100 ms', '103 ms', ''],
  ['a difference of the last printed digit', '0.04 µs', '0.05 µs', ''],
] as const)('bench: judges %s', ([, other, own, verdict]) => {
  const rounds = makeRounds([other, other, other], [own, own, own]);
  expect(compareRounds(rounds)).toMatchObject([{ verdict }]);
});

test('bench: the ratio is the median of the ratios of the rounds, and rounds that disagree have no verdict', () => {
  const rounds = makeRounds(['100 ms', '200 ms', '100 ms'], ['150 ms', '180 ms', '120 ms']);
  expect(compareRounds(rounds)).toMatchObject([{ ratio: 1.2, least: 0.9, most: 1.5, verdict: '' }]);
});

test('bench: two rounds that agree have no verdict', () => {
  expect(compareRounds(makeRounds(['100 ms', '100 ms'], ['150 ms', '150 ms']))).toMatchObject([{ verdict: '' }]);
});

test('bench: a time of 0 has no ratio', () => {
  expect(compareRounds(makeRounds(['0.00 s'], ['0.01 s']))).toEqual([]);
});

test('bench: rows that only one tree has are named and not compared', () => {
  const removed = { ...makeRow('1 s'), what: 'removed' };
  const added = { ...makeRow('1 s'), what: 'added' };
  const rounds = [{ other: [makeRow('1 s'), removed], own: [makeRow('1 s'), added] }];
  expect(compareRounds(rounds).map(({ what }) => what)).toEqual(['beat']);
  expect(findUnmatched(rounds)).toEqual({ other: [removed], own: [added] });
});

test('bench: the table has both values and the ratio in one line', () => {
  const text = formatComparisons(compareRounds(makeRounds(['100 ms'], ['150 ms'])), {
    other: 'main',
    own: 'this tree',
  });
  expect(text.split('\n').at(-1)).toMatch(/^burst +beat +100 ms +150 ms +1\.50 /);
});
