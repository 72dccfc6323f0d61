import { expect, test } from 'vitest';
import { explainDeclaration, explainRejection } from '../../../../src/drivers/amqp/rejections.ts';
import { createExchange, createQueue } from '../../../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../../../src/celery/routing/queues.ts';
import { toExchange } from '../../../support/exchanges.ts';

/** The error of amqplib for a channel that RabbitMQ closed. */
function closed(code: number, text: string): Error {
  const message = `Channel closed by server: ${code} (NAME) with message "${text}"`;
  return Object.assign(new Error(message), { code });
}

const inequivalent = (argument: string, kind = 'queue') =>
  closed(406, `PRECONDITION_FAILED - inequivalent arg '${argument}' for ${kind} 'q' in vhost '/'`);

const configured = createQueue('configured', createExchange('jobs', 'topic'), '#');
const unconfigured = new Queues();
const allConfigured = new Queues({ ...DEFAULT_RULES, configured: [configured] });

test.each([
  ['x-max-priority', 'queue', 'celery', 'taskQueueMaxPriority'],
  ['x-max-priority', 'queue', 'other', 'taskQueueMaxPriority'],
  ['x-queue-type', 'queue', 'celery', 'taskDefaultQueueType'],
  ['x-queue-type', 'queue', 'other', 'taskCreateMissingQueueType'],
  ['type', 'exchange', 'celery', 'taskDefaultExchangeType'],
  ['type', 'exchange', 'other', 'taskCreateMissingQueueExchangeType'],
  ['x-max-length', 'queue', 'other', '"x-max-length" of "other" in taskQueues'],
])('amqp: a different "%s" of the %s of queue "%s" is explained with %s', (argument, kind, name, setting) => {
  const queue = unconfigured.get(name);
  const error = inequivalent(argument, kind);
  const why = explainDeclaration(queue, error, unconfigured);
  expect(why).toContain(`because the ${kind} exists with another argument: PRECONDITION_FAILED - `);
  expect(why).toContain(`; set ${setting} to the existing value, or set "declareQueues: false"`);
});

test('amqp: a difference from a configured queue is explained with taskQueues', () => {
  const why = explainDeclaration(configured, inequivalent('durable'), allConfigured);
  expect(why).toContain('; set it in taskQueues ("configured") to the existing value');
});

test('amqp: a declaration without permission is explained with the missing permission', () => {
  const error = closed(403, "ACCESS_REFUSED - configure access to queue 'q' refused");
  expect(explainDeclaration(configured, error, allConfigured)).toBe(
    "it cannot be declared: ACCESS_REFUSED - configure access to queue 'q' refused; " +
      'grant the configure permission, or set "declareQueues: false"',
  );
});

test.each([
  ['another reason', closed(405, 'RESOURCE_LOCKED - exclusive'), 'RESOURCE_LOCKED - exclusive'],
  ['an invalid argument', closed(406, 'PRECONDITION_FAILED - invalid'), 'PRECONDITION_FAILED'],
  [
    'the same text with another code',
    closed(541, "INTERNAL_ERROR - inequivalent arg 'x' for queue 'q'"),
    'INTERNAL_ERROR',
  ],
])('amqp: a declaration that fails for %s is explained with the text of RabbitMQ', (_, error, words) => {
  const why = explainDeclaration(configured, error, allConfigured);
  expect(why).toContain(`it cannot be declared: ${words}`);
  expect(why).toMatch(/; with "declareQueues: false" beat declares nothing$/);
});

const exchange = (type: 'direct' | 'topic' | 'fanout' | 'headers') => toExchange('x', type, 'key');

test.each([
  ['unroutable', { ...exchange('direct'), exchange: '' }, 'there is no such queue'],
  ['unroutable', exchange('fanout'), 'no queue is bound to it'],
  ['unroutable', exchange('headers'), 'no queue is bound to it by such headers'],
  ['unroutable', exchange('direct'), 'no queue is bound to it by that routing key'],
  ['unroutable', exchange('topic'), 'no queue is bound to it by that routing key'],
  ['nacked', exchange('direct'), 'RabbitMQ rejected it, as it does when a queue is full'],
] as const)('amqp: a message that is %s at %o is explained: %s', (result, destination, reason) => {
  expect(explainRejection(result, destination)).toBe(reason);
});

test.each([
  [closed(404, 'NOT_FOUND - no exchange'), /^there is no such exchange; /],
  [closed(403, 'ACCESS_REFUSED - no'), /^RabbitMQ rejected it: ACCESS_REFUSED - no; grant the write permission$/],
  [closed(406, 'PRECONDITION_FAILED - size'), /^RabbitMQ rejected it: PRECONDITION_FAILED - size$/],
  [new TypeError('no such type'), /^it cannot be encoded as AMQP: no such type$/],
])('amqp: a message that is rejected with "%s" is explained', (error, reason) => {
  expect(explainRejection(error, exchange('direct'))).toMatch(reason);
});
