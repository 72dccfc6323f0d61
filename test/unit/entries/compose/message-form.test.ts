import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEnvelope } from '../../../../src/celery/kombu/envelope.ts';
import { copyMessage, encodeMessage, type Message } from '../../../../src/celery/message/message.ts';
import { FilledMessage, type MessageForm } from '../../../../src/celery/message/message-form.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { compose } from '../../../../src/entries/compose/compose.ts';
import type { MessageContext } from '../../../../src/entries/compose/message-context.ts';
import { makeEntry, MINUTE } from '../../../support/entry.ts';

const CONTEXT: MessageContext = {
  timezone: 'Europe/Oslo',
  router: new Router(new Queues()),
  encoding: DEFAULT_ENCODING,
  protocol: 2,
  keyPrefix: 'beat',
  origin: 'gen1@here',
  replyTo: '5bb7e69e-d717-3990-a825-72595b9b1b65',
};
/** Traced messages are composed as a whole; these have no header of a trace. */
const WHOLE: MessageContext = { ...CONTEXT, traceRun: () => ({}) };

const FIELDS = ['taskId', 'destination', 'priority', 'headers', 'properties', 'body', 'contentType', 'run'] as const;

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const options = fc.record({
  queue: optional(text.filter((name) => name !== '')),
  priority: optional(fc.integer({ min: 0, max: 255 })),
  countdown: optional(fc.integer({ min: 0, max: 1e7 })),
  eta: optional(fc.integer({ min: 0, max: 4e12 })),
  expires: optional(
    fc.oneof(
      fc.constant('next' as const),
      fc.integer({ min: 0, max: 1e7 }).map((after) => ({ after })),
    ),
  ),
  headers: optional(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null)), { maxKeys: 2 })),
  taskId: optional(text),
  rootId: optional(text),
  argsrepr: optional(text),
  compression: optional(fc.constant('zlib' as const)),
  ignoreResult: optional(fc.boolean()),
});
const entries = fc
  .record({ name: text, args: fc.array(fc.jsonValue(), { maxLength: 2 }), options })
  .map((parts) => makeEntry(parts as unknown as Partial<Entry>));

function messageOf(entry: Entry, dueAt: number, context: MessageContext): Message {
  return compose({ entry, dueAt }, dueAt + 250, context).messages[0]!;
}

function formOf(message: Message): MessageForm | undefined {
  return message instanceof FilledMessage ? message.form : undefined;
}

test('a message that was filled into a form is equal to one that was composed as a whole', () => {
  const property = fc.property(entries, fc.integer({ min: 0, max: 4e12 }), (entry, at) => {
    for (const dueAt of [at, at + MINUTE]) {
      const filled = messageOf(entry, dueAt, CONTEXT);
      const whole = messageOf(entry, dueAt, WHOLE);
      for (const field of FIELDS) expect(filled[field]).toEqual(whole[field]);
      expect(encodeEnvelope(filled, 'tag "1"')).toBe(encodeEnvelope(whole, 'tag "1"'));
      expect(encodeMessage(filled)).toBe(encodeMessage(whole));
      expect(copyMessage(filled, { priority: 3 })).toEqual(copyMessage(whole, { priority: 3 }));
    }
  });
  fc.assert(property);
});

test('entries with the same task and options share a form', () => {
  const [first, second] = ['a', 'b'].map((name) => messageOf(makeEntry({ name, args: [name] }), 0, CONTEXT));
  expect(formOf(first!)).toBeDefined();
  expect(formOf(first!)).toBe(formOf(second!));
});

test.each([{ headers: { tenant: 'b' } }, { queue: 'b' }, { timeLimit: 5 }])('another form has options %o', (other) => {
  const [first, second] = [{}, other].map((each) => messageOf(makeEntry({ options: each }), 0, CONTEXT));
  expect(formOf(first!)).not.toBe(formOf(second!));
});

test.each(['blank of a message: taskId', 'blankOfTheMessagesBody00'])(
  'there is no form with the text %j of a user',
  (tenant) => {
    const message = messageOf(makeEntry({ options: { headers: { tenant } } }), 0, CONTEXT);
    expect(formOf(message)).toBeUndefined();
    expect(message.headers).toMatchObject({ tenant });
  },
);

test('the number of forms is limited', () => {
  const context = { ...CONTEXT };
  const tenants = Array.from({ length: 1_001 }, (_, tenant) => makeEntry({ options: { headers: { tenant } } }));
  const forms = tenants.map((entry) => formOf(messageOf(entry, 0, context)));
  expect(forms.at(999)).toBeDefined();
  expect(forms.at(1_000)).toBeUndefined();
});
