import { describe, expect, test } from 'vitest';
import { Queues } from '../../../src/celery/routing/queues.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { ConfigError, StoreError } from '../../../src/util/errors.ts';
import { brokerChecks, type QueuedMessage, type TestedBroker } from '../../../src/drivers/broker-checks.ts';
import type { DriverBroker, DriverDefinition } from '../../../src/contracts/broker/own-driver.ts';
import { defineDriver, toDriver } from '../../../src/drivers/define-driver.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { storeOptions } from '../../contract/test-store.ts';
import { makeMessage } from '../../support/message.ts';
import { settle } from '../../support/settle.ts';

const define = (broker: DriverBroker, more: Partial<DriverDefinition> = {}) =>
  defineDriver({ schemes: ['queue+test'], title: 'the test queue', open: () => broker, ...more });

/** The broker as beat opens it. */
async function open(own: DriverBroker, clock = new ManualClock('2027-03-01T12:00:00Z')) {
  const driver = toDriver(define(own));
  const server = parseEndpoint('queue+test://host', [driver]);
  expect(server.driver).toBe(driver);
  const load = await driver.loadBroker!();
  return { clock, broker: load({ ...storeOptions('memory://'), server, clock, queues: new Queues() }) };
}

describe('a driver of the user', () => {
  test('has its schemes in a configuration that names it, and in no other', () => {
    const driver = define({ publish: async () => undefined });
    const settings = resolveSettings({ drivers: [driver], brokerUrl: 'queue+test://h', stateUrl: 'redis://h' });
    expect(settings.broker.driver?.title).toBe('the test queue');
    expect(() => resolveSettings({ brokerUrl: 'queue+test://h' })).toThrow('unsupported URL scheme "queue+test"');
  });

  test('is not a plain object', () => {
    const drivers = [{ schemes: ['queue'], title: 'x', open: () => ({}) }];
    expect(() => resolveSettings({ drivers: drivers as never })).toThrow(ConfigError);
    expect(() => resolveSettings({ drivers: drivers as never })).toThrow('a driver made by defineDriver()');
  });

  test.each([
    [{ schemes: ['redis'] }, 'defineDriver: beat has a driver of its own for "redis"'],
    [{ schemes: ['sqla+oracle'] }, 'defineDriver: beat has a driver of its own for "sqla+oracle"'],
    [{ schemes: ['Queue'] }, 'defineDriver: "Queue" is not a scheme of URLs'],
    [{ schemes: [] }, 'defineDriver: schemes is not a list of texts'],
    [{ title: '' }, 'defineDriver: title is not a text'],
    [{ open: 1 as never }, 'defineDriver: open is not a function'],
  ])('%o is rejected', (more, message) => {
    expect(() => define({ publish: async () => undefined }, more)).toThrow(message);
  });

  test('publishes what it does not reject', async () => {
    const [good, bad] = [makeMessage('good'), makeMessage('bad')];
    const rejection = { message: bad, reason: 'too long' };
    const { broker } = await open({ publish: async () => [rejection] });
    expect(await broker.publish([good, bad])).toEqual([rejection]);
    expect(await (await open({ publish: async () => undefined })).broker.publish([good])).toEqual([]);
  });

  test('an error, a foreign message or no end within a minute is an unknown outcome', async () => {
    const failing = await open({
      publish: () => {
        throw new TypeError('no such host');
      },
    });
    await expect(failing.broker.publish([makeMessage('a')])).rejects.toThrow(
      new StoreError('broker.publish: TypeError: no such host'),
    );
    const strange = await open({ publish: async () => [{ message: makeMessage('other'), reason: 'x' }] });
    await expect(strange.broker.publish([makeMessage('a')])).rejects.toThrow('a message that it was not given');
    const signals: AbortSignal[] = [];
    const hanging = await open({ publish: (_, signal) => (signals.push(signal), new Promise(() => {})) });
    const failed = expect(hanging.broker.publish([makeMessage('a')])).rejects.toThrow('did not end within 60 s');
    hanging.clock.advance(59_999);
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    hanging.clock.advance(1);
    await failed;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('is closed with the broker', async () => {
    let closed = 0;
    const { broker } = await open({ publish: async () => undefined, close: async () => void closed++ });
    await broker.close();
    expect(closed).toBe(1);
  });
});

describe('the checks for drivers of users', () => {
  const openArray = (
    publish: (queues: Map<string, string[]>, queue: string, id: string) => void,
  ): (() => Promise<TestedBroker>) => {
    return async () => {
      const queues = new Map<string, string[]>();
      return {
        broker: {
          async publish(messages) {
            for (const { destination, taskId, body } of messages) {
              publish(queues, destination.routingKey, JSON.stringify({ taskId, body: body.toString() }));
            }
            return undefined;
          },
        },
        queued: async (queue) => (queues.get(queue) ?? []).map((each) => JSON.parse(each) as QueuedMessage),
        close: async () => {},
      };
    };
  };
  const failing = async (opened: () => Promise<TestedBroker>) => {
    const ends = await Promise.allSettled(brokerChecks(opened).map((check) => check.run()));
    return ends.filter(({ status }) => status === 'rejected').length;
  };

  test('pass for a broker that keeps its promises, and fail for others', async () => {
    const append = (queues: Map<string, string[]>, queue: string, text: string) =>
      void queues.set(queue, [...(queues.get(queue) ?? []).slice(-5_000), text]);
    expect(await failing(openArray(append))).toBe(0);
    expect(await failing(openArray((queues, _, text) => append(queues, 'celery', text)))).toBeGreaterThan(0);
    expect(
      await failing(openArray((queues, queue, text) => queues.set(queue, [text, ...(queues.get(queue) ?? [])]))),
    ).toBeGreaterThan(0);
    expect(await failing(openArray(() => {}))).toBeGreaterThan(0);
  });
});
