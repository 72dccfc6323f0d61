import { expect, test } from 'vitest';
import { DEFAULT_RULES, Queues, type QueueRules } from '../../../src/routing/queues.ts';

const argumentsOf = (name: string, rules: Partial<QueueRules>) =>
  new Queues({ ...DEFAULT_RULES, ...rules }).get(name).arguments;

test('a queue is declared without arguments unless the configuration asks for some', () => {
  expect(argumentsOf('celery', {})).toEqual({});
});

test('every queue has the priorities that are configured', () => {
  for (const queue of ['celery', 'reports']) {
    expect(argumentsOf(queue, { maxPriority: 10 })).toEqual({ 'x-max-priority': 10 });
  }
});

test('the default queue and all others each have a type of their own', () => {
  const quorum = { 'x-queue-type': 'quorum' };
  expect(argumentsOf('celery', { defaultType: 'quorum' })).toEqual(quorum);
  expect(argumentsOf('reports', { defaultType: 'quorum' })).toEqual({});
  expect(argumentsOf('celery', { missingType: 'quorum' })).toEqual({});
  expect(argumentsOf('reports', { missingType: 'quorum' })).toEqual(quorum);
});
