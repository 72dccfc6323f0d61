import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src/util/decode/json.ts';
import { MAX_DEPTH, MAX_LENGTH, MAX_VALUES } from '../../../../src/util/decode/limits.ts';

describe('parseJson', () => {
  test.each(['{"a":[1,{"b":null}],"c":"]}\\"[{,"}', String.raw`"\\"`, String.raw`["\\\\\"[", "\\"]`, ' 1 '])(
    'parseJson: parses %s as JSON.parse does',
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  );

  test('parseJson: allows the deepest, longest and largest document', () => {
    expect(parseJson('['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH))).toHaveLength(1);
    expect(parseJson(`"${'a'.repeat(MAX_LENGTH - 2)}"`)).toHaveLength(MAX_LENGTH - 2);
    expect(parseJson(`[${'1,'.repeat(MAX_VALUES - 1)}1]`)).toHaveLength(MAX_VALUES);
  });

  test.each([
    ['one level too deep', '['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1), /deeper than 500/],
    ['maps one level too deep', '{"a":'.repeat(MAX_DEPTH + 1), /deeper than 500/],
    ['one value too many', `[${'1,'.repeat(MAX_VALUES)}1]`, /more than 100000 values/],
    ['one character too long', `"${'a'.repeat(MAX_LENGTH - 1)}"`, /length of 1000001/],
  ])('parseJson: rejects a document that is %s, before it is parsed', (_, text, reason) => {
    expect(() => parseJson(text)).toThrow(reason);
  });

  test('parseJson: its caller can set the maximum length', () => {
    expect(() => parseJson('[1]', 2)).toThrow('it has a length of 3, more than the 2 allowed');
  });

  test.each(['', '[', '"', '"\\', '{"a"'])('parseJson: rejects the incomplete text %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});
