import { decode, encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMsgpack } from '../../../../src/util/decode/msgpack.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('decodeMsgpack', () => {
  test('decodeMsgpack: decodes what the library encodes', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false, -1, -33, 127, 200, 70_000, -200, -70_000, 2 ** 40, 0.5),
        fc.string({ maxLength: 40 }),
        fc.constantFrom('a'.repeat(300), 'a'.repeat(70_000)),
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom(new Uint8Array(300), new Uint8Array(70_000)),
        fc.array(tie('any'), { maxLength: 20 }),
        fc.dictionary(
          fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__'),
          tie('any'),
        ),
      ),
    })).any;
    fc.assert(
      fc.property(value, (each) => {
        const document = Buffer.from(encode(each));
        expect(decodeMsgpack(document)).toEqual(decode(document));
      }),
      { numRuns: 300 },
    );
  });

  test.each([1, 2, 4, 8, 16, 3, 300, 70_000])('decodeMsgpack: decodes an extension of %i bytes', (size) => {
    const document = Buffer.from(encode([new ExtData(5, new Uint8Array(size)), 1]));
    expect(decodeMsgpack(document)).toEqual(decode(document));
  });

  test('decodeMsgpack: rejects a list of more than 100,000 values', () => {
    expect(() => decodeMsgpack(Buffer.from(encode(Array(200_000).fill(1))))).toThrow('it has more than 100000 values');
  });

  test.each([
    ['nested lists that declare 33 million values each', 'dd 01ffffff '.repeat(40)],
    ['a list of 4 billion values', 'dd ffffffff'],
    ['a map of 4 billion values', 'df ffffffff'],
    ['nested lists that declare together more values than bytes follow', `${'dc 0014 '.repeat(10)}${'c0 '.repeat(20)}`],
    ['a text without its end', 'd9 05 61'],
    ['bytes without their end', 'c6 00ffffff 00'],
    ['an extension without its end', 'c9 00ffffff 00'],
    ['a number without its end', 'cb 00'],
    ['a header without its length', 'dd 00'],
    ['nothing', ''],
  ])('decodeMsgpack: rejects %s, before anything is allocated', (_, document) => {
    expect(() => decodeMsgpack(hex(document))).toThrow('it is not complete');
  });

  test('decodeMsgpack: rejects lists that are nested deeper than 500 levels', () => {
    expect(() => decodeMsgpack(Buffer.alloc(10_000, 0x91))).toThrow('nested deeper than 500 levels');
    const deepest = Buffer.concat([Buffer.alloc(499, 0x91), hex('90')]);
    expect(decodeMsgpack(deepest)).toHaveLength(1);
    const side = Buffer.concat([hex('dc 0400'), Buffer.alloc(1_024, 0x90)]);
    expect(decodeMsgpack(side)).toHaveLength(1_024);
  });

  test('decodeMsgpack: rejects the byte with which no value begins', () => {
    expect(() => decodeMsgpack(hex('c1'))).toThrow('it contains the invalid byte 0xc1');
  });
});
