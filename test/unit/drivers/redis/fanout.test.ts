import { expect, test } from 'vitest';
import { keysToTell } from '../../../../src/drivers/redis/fanout.ts';

test.each([
  ['what workers have bound, each once', ['a', 'b', 'a'], [], ['a', 'b']],
  [
    'what the configuration says, too, though nobody has bound it',
    ['a'],
    ['', 'b'],
    ['a', '', 'b'],
  ],
  ['one channel where a pattern fits it', ['a.b', 'a.#'], [], ['a.b']],
  ['a pattern on a channel of its own where it fits no other', ['a', 'b.#'], [], ['a', 'b.*']],
  ['a wider pattern with a narrower one', ['a.#', '#'], [], ['a.*']],
  ['no channel twice to one pattern', ['a', 'b', '#'], [], ['a']],
  ['what is bound, before what a pattern would hear twice', ['a', '#'], ['c'], ['a']],
  ['signs of regular expressions as they are', ['a+b', 'aab', 'a(b'], [], ['a+b', 'aab', 'a(b']],
])('a fanout exchange is told by %s', (_, bound, own, keys) => {
  expect(keysToTell(bound, own)).toEqual(keys);
});

test('a channel without a key is heard by no pattern', () => {
  expect(keysToTell(['#', ''], [])).toEqual(['*', '']);
});

test('a pattern of many stars is compared with a long key at once', () => {
  const pattern = `${'#a'.repeat(12)}b`;
  const key = 'a'.repeat(50_000);
  expect(keysToTell([pattern, key], [])).toEqual([pattern.replaceAll('#', '*'), key]);
});
