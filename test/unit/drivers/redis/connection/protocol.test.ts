import { describe, expect, test } from 'vitest';
import { REDIS } from '../../../../../src/drivers/redis/connection/protocol.ts';

/** How many answers are complete after each of these chunks. */
function answersAfter(...chunks: readonly string[]): number[] {
  let answers = 0;
  const read = REDIS.limits!(() => answers++);
  return chunks.map((chunk) => {
    read(Buffer.from(chunk));
    return answers;
  });
}

describe('redis protocol', () => {
  test.each([
    ['a status', '+OK\r\n'],
    ['an error', '-ERR no\r\n'],
    ['a number', ':7\r\n'],
    ['a text', '$2\r\nab\r\n'],
    ['a text with a line end', '$4\r\n\r\n\r\n\r\n'],
    ['an empty text', '$0\r\n\r\n'],
    ['no text', '$-1\r\n'],
    ['an empty array', '*0\r\n'],
    ['no array', '*-1\r\n'],
    ['an array', '*3\r\n:1\r\n$1\r\na\r\n$-1\r\n'],
    ['an array that ends with an array', '*2\r\n:1\r\n*2\r\n:1\r\n:2\r\n'],
    ['an array after an array', '*3\r\n*2\r\n:1\r\n:2\r\n*0\r\n+a\r\n'],
  ])('counts %s as one answer, for any split into chunks', (_, answer) => {
    expect(answersAfter(answer)).toEqual([1]);
    expect(answersAfter(answer + answer, answer)).toEqual([2, 3]);
    const each = answersAfter(...Array.from(answer));
    expect(each.at(-1)).toBe(1);
    expect(each.slice(0, -1)).toEqual(Array(answer.length - 1).fill(0));
  });

  test('does not read a part of a line as the length of a text or an array', () => {
    expect(answersAfter('+a', '$1\r\n', '+b\r\n')).toEqual([0, 1, 2]);
    expect(answersAfter('-ERR ', '*1', '*1\r\n')).toEqual([0, 0, 1]);
  });

  test('accepts arrays up to 32 deep and a million items', () => {
    const nested = (depth: number) => `${'*1\r\n'.repeat(depth)}:1\r\n`;
    expect(answersAfter(nested(32), nested(32))).toEqual([1, 2]);
    expect(() => answersAfter(nested(33))).toThrow('arrays nested more than 32 deep');
    expect(answersAfter('*1000000\r\n')).toEqual([0]);
    expect(() => answersAfter('*1000001\r\n')).toThrow('a reply of more than 1000000 items');
    expect(() => answersAfter('*2\r\n*999999\r\n')).toThrow('a reply of more than 1000000 items');
    // Each answer has its own count.
    const item = ':1\r\n';
    expect(answersAfter(`*600000\r\n${item.repeat(600_000)}`, '*600000\r\n')).toEqual([1, 1]);
  });

  test('rejects a length that is not a number or has too many digits, also in several chunks', () => {
    for (const sign of ['$', '*']) {
      expect(() => answersAfter(`${sign}1x\r\n`)).toThrow('announced a length that is not a number');
      expect(() => answersAfter(`${sign}9007199254740992\r\n`)).toThrow('that is not a number');
      const pieces = [`${sign}111111111111111`, '11111111111111111'];
      expect(() => answersAfter(...pieces)).toThrow('announced a length of too many digits');
    }
  });

  test('recognises the first byte of an answer', () => {
    const opens = Array.from('+-:$*HT\0').filter((sign) => REDIS.opensWith(Buffer.from(sign)));
    expect(opens.join('')).toBe('+-:$*');
  });
});
