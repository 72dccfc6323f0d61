import { expect, test } from 'vitest';
import { explainDeclaration, explainFate } from '../../../../src/drivers/amqp/refusals.ts';
import { createExchange, createQueue } from '../../../../src/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../../../src/routing/queues.ts';
import { toExchange } from '../../../support/exchanges.ts';

/** An error as amqplib makes it of a channel that RabbitMQ closes. */
function closed(code: number, text: string): Error {
  const message = `Channel closed by server: ${code} (NAME) with message "${text}"`;
  return Object.assign(new Error(message), { code });
}

const inequivalent = (argument: string, kind = 'queue') =>
  closed(406, `PRECONDITION_FAILED - inequivalent arg '${argument}' for ${kind} 'q' in vhost '/'`);

const described = createQueue('described', createExchange('jobs', 'topic'), '#');
const withoutDescriptions = new Queues();
const withDescriptions = new Queues({ ...DEFAULT_RULES, configured: [described] });

test.each([
  ['x-max-priority', 'queue', 'celery', 'taskQueueMaxPriority'],
  ['x-max-priority', 'queue', 'other', 'taskQueueMaxPriority'],
  ['x-queue-type', 'queue', 'celery', 'taskDefaultQueueType'],
  ['x-queue-type', 'queue', 'other', 'taskCreateMissingQueueType'],
  ['type', 'exchange', 'celery', 'taskDefaultExchangeType'],
  ['type', 'exchange', 'other', 'taskCreateMissingQueueExchangeType'],
  ['x-max-length', 'queue', 'other', '"x-max-length" of "other" in taskQueues'],
])(
  'amqp: a different "%s" of the %s of queue "%s" is explained with %s',
  (argument, kind, name, setting) => {
    const queue = withoutDescriptions.get(name);
    const error = inequivalent(argument, kind);
    const why = explainDeclaration(queue, error, withoutDescriptions);
    expect(why).toContain(`for the ${kind} stands there made otherwise: PRECONDITION_FAILED - `);
    expect(why).toContain(`; set ${setting} to what it was made with, or "declareQueues: false"`);
  },
);

test('amqp: a difference from a described queue is explained with its description', () => {
  const why = explainDeclaration(described, inequivalent('durable'), withDescriptions);
  expect(why).toContain('; set it in taskQueues ("described") to what it was made with');
});

test('amqp: a declaration without permission is explained with the permission that lacks', () => {
  const error = closed(403, "ACCESS_REFUSED - configure access to queue 'q' refused");
  expect(explainDeclaration(described, error, withDescriptions)).toBe(
    "it cannot be declared: ACCESS_REFUSED - configure access to queue 'q' refused; " +
      'grant the configure permission, or set "declareQueues: false" and leave that to others',
  );
});

test.each([
  ['another reason', closed(405, 'RESOURCE_LOCKED - exclusive'), 'RESOURCE_LOCKED - exclusive'],
  ['an invalid argument', closed(406, 'PRECONDITION_FAILED - invalid'), 'PRECONDITION_FAILED'],
  [
    'such words with another code',
    closed(541, "INTERNAL_ERROR - inequivalent arg 'x' for queue 'q'"),
    'INTERNAL_ERROR',
  ],
])(
  'amqp: a declaration that fails for %s is explained in the words of RabbitMQ',
  (_, error, words) => {
    const why = explainDeclaration(described, error, withDescriptions);
    expect(why).toContain(`it cannot be declared: ${words}`);
    expect(why).toMatch(/; "declareQueues: false" leaves that to others$/);
  },
);

const exchange = (type: 'direct' | 'topic' | 'fanout' | 'headers') => toExchange('x', type, 'key');

test.each([
  ['unroutable', { ...exchange('direct'), exchange: '' }, 'there is no such queue'],
  ['unroutable', exchange('fanout'), 'no queue is bound to it'],
  ['unroutable', exchange('headers'), 'no queue is bound to it by such headers'],
  ['unroutable', exchange('direct'), 'no queue is bound to it by that routing key'],
  ['unroutable', exchange('topic'), 'no queue is bound to it by that routing key'],
  ['nacked', exchange('direct'), 'RabbitMQ rejected it, as it does when a queue is full'],
] as const)('amqp: a message that is %s at %o is explained: %s', (fate, destination, reason) => {
  expect(explainFate(fate, destination)).toBe(reason);
});

test.each([
  [closed(404, 'NOT_FOUND - no exchange'), /^there is no such exchange; /],
  [
    closed(403, 'ACCESS_REFUSED - no'),
    /^RabbitMQ refused: ACCESS_REFUSED - no; grant the write permission$/,
  ],
  [closed(406, 'PRECONDITION_FAILED - size'), /^RabbitMQ refused: PRECONDITION_FAILED - size$/],
  [new TypeError('no such type'), /^it cannot be written as AMQP: no such type$/],
])('amqp: a message that is rejected with "%s" is explained', (error, reason) => {
  expect(explainFate(error, exchange('direct'))).toMatch(reason);
});
