import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';
import { DRIVERS } from '../../../src/drivers/table.ts';
import { problemsOf } from '../config/support.ts';

describe.each(['amqp', 'amqps', 'pyamqp', 'librabbitmq'])('%s://', (scheme) => {
  const brokerUrl = `${scheme}://localhost//`;

  test('has the driver amqp', () => {
    expect(parseEndpoint(brokerUrl).driver?.name).toBe('amqp');
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

test('each scheme has one driver, and other texts have none', () => {
  const schemes = DRIVERS.flatMap((driver) => driver.schemes);
  expect(new Set(schemes).size).toBe(schemes.length);
  for (const driver of DRIVERS) {
    for (const scheme of driver.schemes) {
      expect(parseEndpoint(`${scheme}://`)).toMatchObject({ scheme, driver });
    }
  }
  for (const url of ['http://h', 'constructor://h', '__proto__://h', 'amqp', '']) {
    expect(parseEndpoint(url).driver).toBeNull();
  }
});

test('an endpoint masks the passwords of all its URLs', () => {
  const { urls, masked, scheme } = parseEndpoint('SENTINEL://:secret@a;sentinel://:other@b:26380');
  expect(urls).toEqual(['SENTINEL://:secret@a', 'sentinel://:other@b:26380']);
  expect(masked).not.toMatch(/secret|other/);
  expect(scheme).toBe('sentinel');
});
