import fc from 'fast-check';
import { makeMessage } from '../../../support/message.ts';
import { expect, test } from 'vitest';
import { type Message, decodeMessage, encodeMessage } from '../../../../src/celery/message/message.ts';
import { StoreError } from '../../../../src/util/errors.ts';

const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 });

test('message JSON: a message is decoded unchanged, with any headers and body', () => {
  const headers = fc.dictionary(fc.string({ unit: 'grapheme' }), json);
  fc.assert(
    fc.property(headers, fc.uint8Array(), fc.string(), (more, body, queue) => {
      const plain = makeMessage('a', { queue });
      // Through JSON first: it knows no -0, and neither does any broker's text.
      const known = JSON.parse(JSON.stringify(more)) as Record<string, unknown>;
      const message: Message = { ...plain, headers: { ...plain.headers, ...known }, body: Buffer.from(body) };
      expect(decodeMessage(encodeMessage(message))).toEqual(message);
      expect(encodeMessage(decodeMessage(encodeMessage(message)))).toBe(encodeMessage(message));
    }),
  );
});

test.each([
  '',
  'null',
  '{"taskId":"a"}',
  encodeMessage(makeMessage('a')).slice(0, -1),
  encodeMessage({ ...makeMessage('a'), priority: '0' as unknown as number }),
])('message JSON: %j is not a message', (text) => {
  expect(() => decodeMessage(text)).toThrow(StoreError);
});

test('message JSON: the error for an invalid text contains its beginning and the error of the parser', () => {
  expect(() => decodeMessage('{"taskId":')).toThrow(
    expect.objectContaining({
      message: 'invalid message in the outbox: "{\\"taskId\\":"',
      cause: expect.any(SyntaxError) as unknown,
    }),
  );
  const long = '"'.padEnd(81, 'x');
  expect(() => decodeMessage(long)).toThrow(`invalid message in the outbox: "\\"${'x'.repeat(79)}…"`);
});

test.each(['taskId', 'contentType', 'contentEncoding', 'destination', 'headers', 'properties'])(
  'message JSON: a text without %s is not a message',
  (key) => {
    const rest = JSON.parse(encodeMessage(makeMessage('a'))) as Record<string, unknown>;
    Reflect.deleteProperty(rest, key);
    expect(() => decodeMessage(JSON.stringify(rest))).toThrow(StoreError);
    expect(() => decodeMessage(JSON.stringify({ ...rest, [key]: null }))).toThrow(StoreError);
  },
);
