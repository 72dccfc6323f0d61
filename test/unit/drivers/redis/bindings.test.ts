import { expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../src/contracts/broker/connection-settings.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createBindings } from '../../../../src/drivers/redis/bindings.ts';
import { keysFor } from '../../../../src/drivers/redis/keys.ts';
import { DEFAULT_RULES } from '../../../../src/celery/routing/queues.ts';
import { configureQueues, makeBoundQueue, toExchange } from '../../../support/exchanges.ts';
import { makeMessage } from '../../../support/message.ts';

test('redis bindings: the bindings of a queue that a reload changes are declared again', () => {
  const queues = configureQueues(makeBoundQueue('web', 'site', 'topic', 'web.#'));
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const keys = keysFor('beat', DEFAULT_TRANSPORT, 0);
  const bindings = createBindings(keys, queues, clock);
  const message = { ...makeMessage('t'), destination: toExchange('site', 'topic', 'web.a') };
  const declared = () => [...bindings.route([message]).declarations].map(({ member }) => member.split(keys.sep)[0]);
  expect(declared()).toEqual(['web.#']);
  const configured = [makeBoundQueue('web', 'site', 'topic', 'web.*')];
  queues.replace({ ...DEFAULT_RULES, configured });
  expect(declared()).toEqual(['web.*']);
});
