import { describe, expect, test } from 'vitest';
import { bindingKey, bindingMember, listKey } from '../../../src/broker/kombu.ts';
import { DEFAULT_TRANSPORT } from '../../../src/config/settings.ts';

const SEP = '\x06\x16';

describe('the list of a message', () => {
  test.each([
    [0, 'celery'],
    [1, 'celery'],
    [3, `celery${SEP}3`],
    [5, `celery${SEP}3`],
    [6, `celery${SEP}6`],
    [9, `celery${SEP}9`],
    [255, `celery${SEP}9`],
    [-1, 'celery'],
  ])('is that of the greatest step up to its priority: %d', (priority, list) => {
    expect(listKey('celery', priority, DEFAULT_TRANSPORT)).toBe(list);
  });

  test('follows the separator and the steps of the transport options', () => {
    const tenSteps = { sep: ':', prioritySteps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };
    expect(listKey('celery', 4, tenSteps)).toBe('celery:4');
    expect(listKey('celery', 0, tenSteps)).toBe('celery');
  });

  test('is that of the last step for a priority below all of them, as kombu has it', () => {
    expect(listKey('celery', 0, { sep: ':', prioritySteps: [3, 6] })).toBe('celery:6');
  });
});

test('a queue is bound to the exchange of its name', () => {
  expect(bindingKey('reports')).toBe('_kombu.binding.reports');
  expect(bindingMember('reports', SEP)).toBe(`reports${SEP}${SEP}reports`);
});
