import { expect, test } from 'vitest';
import { selectFanoutKeys } from '../../../../src/drivers/redis/fanout.ts';

test.each([
  ['every bound key, without duplicates', ['a', 'b', 'a'], [], ['a', 'b']],
  ['keys of the configuration that no worker has bound', ['a'], ['', 'b'], ['a', '', 'b']],
  ['one channel when a pattern matches it', ['a.b', 'a.#'], [], ['a.b']],
  ['a separate channel for a pattern that matches no other', ['a', 'b.#'], [], ['a', 'b.*']],
  ['one channel for a pattern and a wider pattern', ['a.#', '#'], [], ['a.*']],
  ['no two channels that one pattern matches', ['a', 'b', '#'], [], ['a']],
  ['a bound key rather than a key of the configuration that the same pattern matches', ['a', '#'], ['c'], ['a']],
  ['characters of regular expressions literally', ['a+b', 'aab', 'a(b'], [], ['a+b', 'aab', 'a(b']],
])('redis fanout: selects %s', (_, bound, own, keys) => {
  expect(selectFanoutKeys(bound, own)).toEqual(keys);
});

test('redis fanout: no pattern matches the channel of an empty key', () => {
  expect(selectFanoutKeys(['#', ''], [])).toEqual(['*', '']);
});

test('redis fanout: a pattern with many stars is matched with a long key without backtracking', () => {
  const pattern = `${'#a'.repeat(12)}b`;
  const key = 'a'.repeat(50_000);
  expect(selectFanoutKeys([pattern, key], [])).toEqual([pattern.replaceAll('#', '*'), key]);
});
