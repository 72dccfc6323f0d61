import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../src/contracts/broker/connection-settings.ts';
import { Connection } from '../../../src/drivers/redis/connection/connection.ts';
import { PeerError } from '../../../src/drivers/connection/guard.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';

// The longest of the pauses that chance would choose.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(1));
afterEach(() => void vi.restoreAllMocks());

function optionsOf(url: string) {
  const transport = { ...DEFAULT_TRANSPORT, masterName: 'mymaster' };
  const { client } = new Connection({ server: parseEndpoint(url), transport, name: 'test', timeout: 4_000 });
  return { client, options: client.options };
}

const ATTEMPTS = [1, 2, 3, 4, 5, 50];
const GROWING = [200, 400, 800, 1_600, 2_000, 2_000];

test('redis: pauses between connections grow from 200 ms to 2 s', () => {
  const { options } = optionsOf('redis://127.0.0.1:1/0');
  expect(ATTEMPTS.map((attempt) => options.retryStrategy!(attempt))).toEqual(GROWING);
});

test('redis: pauses between rounds of sentinels grow from 200 ms to 2 s', () => {
  const { options } = optionsOf('sentinel://127.0.0.1:1/0');
  expect(ATTEMPTS.map((attempt) => options.sentinelRetryStrategy!(attempt))).toEqual(GROWING);
});

test('redis: pauses grow while the wrong server answers, although it accepts connections', () => {
  const { client, options } = optionsOf('redis://127.0.0.1:1/0');
  const pauses = [1, 2, 3].map(() => {
    client.emit('error', new PeerError('it does not speak Redis'));
    return options.retryStrategy!(1);
  });
  expect(pauses).toEqual([200, 400, 800]);
  client.emit('error', new Error('ECONNRESET'));
  expect(options.retryStrategy!(1)).toBe(200);
  client.emit('error', new PeerError('it does not speak Redis'));
  expect(options.retryStrategy!(1)).toBe(200);
});
