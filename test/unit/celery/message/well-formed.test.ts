import { expect, test } from 'vitest';
import { reportIllFormed } from '../../../../src/celery/message/arguments.ts';

function problems(value: unknown): string[] {
  const found: string[] = [];
  reportIllFormed(value, ['entry'], (path, message) => found.push(`${path.join('.')}: ${message}`));
  return found;
}

const HALF =
  'holds half a character (the lone surrogate \\ud83e), which no encoding carries to a worker';

test('well-formed text: complete characters are accepted, as values and as names', () => {
  expect(problems({ '🥬': ['🥬', { a: '🥬' }], b: 5, c: null, d: true })).toEqual([]);
});

test('well-formed text: each lone surrogate is reported with its path, in the order of the text', () => {
  const value = { a: ['x', '\ud83e'], b: { '\ud83e!': 'ok', c: 'x\ud83e' } };
  expect(problems(value)).toEqual([
    `entry.a.1: ${HALF}`,
    `entry.b.\ud83e!: its name ${HALF}`,
    `entry.b.c: ${HALF}`,
  ]);
});

test('well-formed text: a text alone is reported at the path itself', () => {
  expect(problems('\ud83e')).toEqual([`entry: ${HALF}`]);
});

test('well-formed text: a circular or repeated value is visited once', () => {
  const circle: Record<string, unknown> = { text: '\ud83e' };
  circle['back'] = circle;
  expect(problems({ one: circle, two: circle })).toEqual([`entry.one.text: ${HALF}`]);
});

test('well-formed text: objects without a prototype are visited, instances of classes are not', () => {
  const bare: unknown = Object.assign(Object.create(null), { text: '\ud83e' });
  class Own {
    text = '\ud83e';
  }
  expect(problems([bare, new Own()])).toEqual([`entry.0.text: ${HALF}`]);
});
