import { expect, test } from 'vitest';
import { toPublishOptions } from '../../../../src/drivers/amqp/properties.ts';
import { makeMessage } from '../../../support/message.ts';

const withProperties = (more: object) => {
  const message = makeMessage('a', { priority: 3 });
  return toPublishOptions({ ...message, properties: { ...message.properties, ...more } });
};

test('amqp properties: a message without options has only the properties that kombu writes', () => {
  expect(toPublishOptions(makeMessage('a', { priority: 3 }))).toEqual({
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers: { lang: 'js', task: 'tasks.add', id: 'a' },
    deliveryMode: 2,
    priority: 3,
    correlationId: 'a',
    replyTo: '',
  });
});

test('amqp properties: each option of a message becomes the property of its name', () => {
  const options = {
    correlation_id: 'c',
    reply_to: 'r',
    message_id: 'm',
    timestamp: 5,
    type: 't',
    user_id: 'u',
    app_id: 'p',
    expiration: '1000',
  };
  expect(withProperties(options)).toMatchObject({
    correlationId: 'c',
    replyTo: 'r',
    messageId: 'm',
    timestamp: 5,
    type: 't',
    userId: 'u',
    appId: 'p',
    expiration: '1000',
  });
});

test('amqp properties: a time to live is left out where RabbitMQ would reject it', () => {
  expect(withProperties({ expiration: '4294967295' })).toMatchObject({ expiration: '4294967295' });
  expect(withProperties({ expiration: '4294967296' })).not.toHaveProperty('expiration');
});
