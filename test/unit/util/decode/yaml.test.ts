import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../../../src/util/decode/yaml.ts';

describe('parseYaml', () => {
  test('parseYaml: parses what PyYAML writes for a result', () => {
    const text = [
      ...['children: []', "date_done: '2026-05-01T10:00:00+00:00'", 'result: &id001', '- 1'],
      ...['- yes', 'again: *id001', 'status: SUCCESS', 'traceback: null'],
    ].join('\n');
    expect(parseYaml(text)).toEqual({
      children: [],
      date_done: '2026-05-01T10:00:00+00:00',
      result: [1, true],
      again: [1, true],
      status: 'SUCCESS',
      traceback: null,
    });
  });

  test.each([
    ['flow lists', '['.repeat(8_000), 'nested too deep'],
    ['lists', '- '.repeat(8_000), 'nested too deep'],
    ['keys that are maps', '? '.repeat(8_000), 'nested too deep'],
    ['many values', `[${'[],'.repeat(5_000)}]`, 'more than 4000 tokens'],
    ['many errors', '%\n@\n`\n'.repeat(2_000), 'reserved character'],
    ['a text that is too long', 'a'.repeat(16_385), 'length of 16385'],
    ['an error', 'a: 1: 2', 'Nested mappings are not allowed'],
    ['two documents', 'a: 1\n---\na: 1\n', 'several documents'],
  ])('parseYaml: rejects %s', (_, text, reason) => {
    expect(() => parseYaml(text)).toThrow(reason);
  });

  test('parseYaml: rejects aliases that multiply their anchors', () => {
    const lines = Array.from({ length: 8 }, (_, i) => `k${i + 1}: &k${i + 1} [${`*k${i}, `.repeat(9)}]`);
    expect(() => parseYaml(['k0: &k0 [x]', ...lines].join('\n'))).toThrow(/alias/i);
  });

  test('parseYaml: an empty text has no value', () => {
    expect(parseYaml('') ?? null).toBeNull();
  });
});
