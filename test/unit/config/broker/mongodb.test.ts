import { describe, expect, test } from 'vitest';
import { DEFAULT_MONGODB } from '../../../../src/contracts/broker/connection-settings.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { problemsOf } from '../support.ts';

const MONGODB = { broker_url: 'mongodb://h/db' };
const mongodbOf = (options: object) =>
  resolveSettings({ ...MONGODB, broker_transport_options: options } as object).transport.mongodb;

describe('the options of MongoDB', () => {
  test('are those of kombu', () => {
    const options = {
      default_database: 'a',
      messages_collection: 'b',
      routing_collection: 'c',
      broadcast_collection: 'd',
      queues_collection: 'e',
      capped_queue_size: 5_000,
      ttl: true,
      calc_queue_size: false,
      connect_timeout: 5,
    };
    expect(mongodbOf(options)).toEqual({
      defaultDatabase: 'a',
      messagesCollection: 'b',
      routingCollection: 'c',
      broadcastCollection: 'd',
      queuesCollection: 'e',
      cappedQueueSize: 5_000,
      ttl: true,
    });
    expect(mongodbOf({})).toEqual(DEFAULT_MONGODB);
  });

  test.each([
    [{ ttl: 'yes' }, 'broker_transport_options.ttl: expected'],
    [{ capped_queue_size: 10 }, 'broker_transport_options.capped_queue_size: expected'],
    [{ messages_collection: '' }, 'broker_transport_options.messages_collection: expected'],
    [{ mesages_collection: 'm' }, 'did you mean "messages_collection"'],
  ])('%o is rejected', (options, message) => {
    expect(problemsOf({ ...MONGODB, broker_transport_options: options }).join('\n')).toContain(message);
  });

  test('broker_use_ssl is rejected, because the URL says whether connections are encrypted', () => {
    expect(problemsOf({ ...MONGODB, broker_use_ssl: true }).join('\n')).toContain('write ?tls=true into the URL');
  });
});
