import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { AMQP_SCHEMES, BROKER_SCHEMES, kindOf } from '../../../src/drivers/table.ts';
import { problemsOf } from '../config/support.ts';

describe.each(['amqp', 'amqps', 'pyamqp', 'librabbitmq'])('%s://', (scheme) => {
  const brokerUrl = `${scheme}://localhost//`;

  test('is AMQP', () => {
    expect(AMQP_SCHEMES).toContain(scheme);
    expect(kindOf(brokerUrl)).toBe('amqp');
  });

  test('carries task events over a topic exchange', () => {
    const { taskEvents, warnings } = resolveSettings({ brokerUrl, taskSendSentEvent: true });
    expect(taskEvents).toEqual({ exchange: 'celeryev', exchangeType: 'topic' });
    expect(warnings).toEqual([]);
  });

  test('has headers exchanges', () => {
    const problems = problemsOf({
      brokerUrl,
      taskQueues: [
        { name: 'q', exchange: 'x', exchangeType: 'headers', bindingArguments: { a: 1 } },
      ],
      beatSchedule: {
        e: {
          task: 't',
          schedule: 60,
          options: { exchange: 'x', routingKey: 'k', headers: { a: 1 } },
        },
      },
    });
    expect(problems.filter((each) => each.includes('headers exchange'))).toEqual([]);
  });
});

test('every scheme of a broker has a kind, and no other scheme has one', () => {
  for (const scheme of BROKER_SCHEMES) expect(kindOf(`${scheme}://`)).not.toBeNull();
  for (const url of ['http://h', 'constructor://h', '__proto__://h', 'amqp', '']) {
    expect(kindOf(url)).toBeNull();
  }
});
