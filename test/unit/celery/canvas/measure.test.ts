import { expect, test } from 'vitest';
import { measureCanvas } from '../../../../src/celery/canvas/canvas.ts';
import { chain, chord, group, sig, type SignatureConfig } from '../../../../src/index.ts';
import { entryOf } from '../../config/support.ts';
import { composeTask } from './support.ts';

const pair = group(sig('a'), sig('b'));
const results = { resultBackend: 'redis://localhost' };

test.for<[what: string, task: SignatureConfig]>([
  ['chain of 50 tasks', chain(Array.from({ length: 50 }, () => sig('a', [1])))],
  ['group of 50 tasks with arguments', group(Array.from({ length: 50 }, () => sig('a', ['x'.repeat(1_000)])))],
  ['chain of five groups', chain(pair, pair, pair, pair, pair)],
  ['chord whose body is a chain', chord([sig('a'), chain(sig('a'), pair)], chain(sig('b'), sig('c')))],
  ['task with callbacks', sig('a', [], { options: { link: [chain(sig('b'), sig('c'))] } })],
])('canvas: the measured size of a %s is about that of its messages', ([, task]) => {
  const { canvas } = entryOf({ task, schedule: 60 }, results);
  const actual = composeTask(task).messages.reduce((bytes, { body }) => bytes + body.length, 0);
  const ratio = measureCanvas(canvas!) / actual;
  expect(ratio).toBeGreaterThan(0.9);
  expect(ratio).toBeLessThan(8);
});
