import { expect, test } from 'vitest';
import { argumentsOf } from '../../../src/amqp/queues.ts';
import { DEFAULT_QUEUES } from '../../../src/config/settings.ts';

const rules = (queues: object) => ({
  defaultQueue: 'celery',
  queues: { ...DEFAULT_QUEUES, ...queues },
});

test('a queue is declared without arguments unless the configuration asks for some', () => {
  expect(argumentsOf('celery', rules({}))).toEqual({});
});

test('every queue has the priorities that are configured', () => {
  const priorities = rules({ maxPriority: 10 });
  for (const queue of ['celery', 'reports']) {
    expect(argumentsOf(queue, priorities)).toEqual({ 'x-max-priority': 10 });
  }
});

test('the default queue and all others each have a type of their own', () => {
  const [ours, others] = [rules({ defaultType: 'quorum' }), rules({ missingType: 'quorum' })];
  expect(argumentsOf('celery', ours)).toEqual({ 'x-queue-type': 'quorum' });
  expect(argumentsOf('reports', ours)).toEqual({});
  expect(argumentsOf('celery', others)).toEqual({});
  expect(argumentsOf('reports', others)).toEqual({ 'x-queue-type': 'quorum' });
});
