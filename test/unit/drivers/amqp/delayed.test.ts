import { describe, expect, test } from 'vitest';
import { delayedDestination } from '../../../../src/drivers/amqp/delayed.ts';
import type { ExchangeType } from '../../../../src/celery/message/destination.ts';
import { makeMessage } from '../../../support/message.ts';

const NOW = Date.parse('2027-03-01T12:00:00Z');

const placeOf = (eta: unknown, exchangeType: ExchangeType = 'topic', routingKey = 'quo') => {
  const message = makeMessage('a', { destination: { queue: 'quo', exchange: 'jobs', exchangeType, routingKey } });
  return delayedDestination({ ...message, headers: { ...message.headers, eta } }, NOW);
};
const after = (ms: number) => new Date(NOW + ms).toISOString();

describe('amqp delayed delivery:', () => {
  test('a task with an ETA waits where Celery makes it wait, under the digits of its whole seconds', () => {
    // Celery 5.6.3 publishes this routing key 37 seconds before the ETA.
    expect(placeOf(after(37_900))).toEqual({
      queue: 'quo',
      exchange: 'celery_delayed_27',
      exchangeType: 'topic',
      routingKey: `${'0.'.repeat(22)}1.0.0.1.0.1.quo`,
    });
  });

  test.each([
    ['2027-03-01T13:00:02.250000+01:00', '1.0'],
    // Workers read an instant without an offset as UTC.
    ['2027-03-01T12:00:03', '1.1'],
    [after((2 ** 28 - 1) * 1_000), '1.'.repeat(28).slice(0, -1)],
  ])('%s', (eta, digits) => {
    expect(placeOf(eta)?.routingKey).toMatch(new RegExp(`^(0\\.)*${digits}\\.quo$`));
    expect(placeOf(eta, 'fanout')?.routingKey.split('.')).toHaveLength(29);
  });

  test.each([
    ['it has none', null, 'topic', 'quo'],
    ['it is not an instant', 'soon', 'topic', 'quo'],
    ['it is past', after(-5_000), 'topic', 'quo'],
    ['it is within the second', after(999), 'topic', 'quo'],
    ['it is too late for 28 digits', after(2 ** 28 * 1_000), 'topic', 'quo'],
    ['its exchange is direct', after(60_000), 'direct', 'quo'],
    ['it has no routing key', after(60_000), 'fanout', ''],
  ] as const)('nowhere if %s', (_, eta, type, routingKey) => {
    expect(placeOf(eta, type, routingKey)).toBeNull();
  });
});
