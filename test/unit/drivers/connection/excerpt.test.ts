import { expect, test } from 'vitest';

import { excerpt } from '../../../../src/drivers/connection/excerpt.ts';

test.each([
  ['plain text', 'hello ~', '"hello ~"'],
  ['line ends and tabs', 'a\r\n\tb', '"a\\r\\n\\tb"'],
  ['quotes and backslashes', '"\\', '"\\"\\\\"'],
  ['control characters', '\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
  ['bytes above ASCII', '\xe9\xff', '"\\xe9\\xff"'],
  ['nothing', '', '""'],
])('excerpt: quotes and escapes %s', (_, text, expected) => {
  expect(excerpt(Buffer.from(text, 'latin1'))).toBe(expected);
});

test('excerpt: shows 60 bytes, with an ellipsis for the others', () => {
  expect(excerpt(Buffer.alloc(60, 'a'))).toBe(`"${'a'.repeat(60)}"`);
  expect(excerpt(Buffer.alloc(61, 'a'))).toBe(`"${'a'.repeat(60)}…"`);
});

test.each([
  ['HTTP/1.1 400 Bad', ', which is HTTP'],
  ['HTTP', ''],
  ['SSH-2.0-OpenSSH', ', which is SSH'],
  ['SSH', ''],
  ['x HTTP/', ''],
  ['\x14\x03\x01', ', which is TLS; configure TLS in the URL'],
  ['\x15\x03\x01', ', which is TLS; configure TLS in the URL'],
  ['\x16\x03\x01', ', which is TLS; configure TLS in the URL'],
  ['\x17\x03\x01', ''],
  ['\x15\x02', ''],
])('excerpt: names the known protocol of a server that sends %j', (text, meaning) => {
  const shown = excerpt(Buffer.from(text, 'latin1'));
  expect(shown.slice(shown.lastIndexOf('"') + 1)).toBe(meaning);
});
