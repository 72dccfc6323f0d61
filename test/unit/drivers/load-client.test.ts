import { expect, test } from 'vitest';
import { loadClient } from '../../../src/drivers/load-client.ts';

const RABBITMQ = { title: 'RabbitMQ' };

test('driver: names the npm package of a client that is not installed, and the setting with its URL', async () => {
  const missing = Object.assign(
    new Error("Cannot find package 'amqplib' imported from /app/dist/drivers/amqp/connect.js"),
    { code: 'ERR_MODULE_NOT_FOUND' },
  );
  await expect(loadClient('brokerUrl', RABBITMQ, () => Promise.reject(missing))).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(
      /^brokerUrl: the client of RabbitMQ is not installed: install the npm package amqplib/,
    ) as string,
  });
});

test('driver: does not report other errors of its module as a missing package', async () => {
  const broken = new SyntaxError('Unexpected token');
  await expect(loadClient('brokerUrl', RABBITMQ, () => Promise.reject(broken))).rejects.toBe(broken);
});
