import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createExchange, createQueue } from '../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../src/celery/routing/queues.ts';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { openFilesystemBroker } from '../../src/drivers/filesystem/broker.ts';
import { decodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import { Folder } from '../support/folder.ts';
import { makeMessage } from '../support/message.ts';
import { brokerContract } from './broker.contract.ts';
import { storeOptions } from './test-store.ts';

/** A folder as kombu's transport uses it. */
class Data {
  readonly folder = new Folder({});
  readonly out = join(this.folder.path, 'out');
  readonly control = join(this.folder.path, 'control');

  constructor() {
    mkdirSync(this.out);
    mkdirSync(this.control);
  }

  open(queues = new Queues()) {
    const transport = { ...DEFAULT_TRANSPORT, dataFolderOut: this.out, controlFolder: this.control };
    return openFilesystemBroker(storeOptions('filesystem://', { transport, queues }));
  }

  bind(exchange: string, ...bindings: readonly (readonly [key: string, pattern: string, queue: string])[]): void {
    writeFileSync(join(this.control, `${exchange}.exchange`), JSON.stringify(bindings));
  }

  get files(): string[] {
    return readdirSync(this.out)
      .filter((name) => name !== '.drafts')
      .sort();
  }

  get drafts(): string[] {
    return readdirSync(join(this.out, '.drafts'));
  }

  /** The messages of a queue in the order in which kombu reads them. */
  queued(queue: string) {
    return this.files
      .filter((name) => name.endsWith(`.${queue}.msg`))
      .map((name) => {
        const received = decodeEnvelope(readFileSync(join(this.out, name), 'utf8'))!;
        return { taskId: String(received.headers['id']), body: received.body.toString() };
      });
  }
}

brokerContract('the file system', async () => {
  const data = new Data();
  return {
    open: async () => ({ broker: data.open() }),
    queued: async (queue) => data.queued(queue),
    close: async () => data.folder[Symbol.dispose](),
    unusualQueue: 'очередь {1}: a\\b *',
  };
});

describe('the folder of the file system transport', () => {
  let data: Data;
  beforeEach(() => {
    data = new Data();
  });
  afterEach(() => data.folder[Symbol.dispose]());

  const exchange = (name: string, exchangeType: 'direct' | 'topic' | 'fanout', routingKey: string) => ({
    destination: { queue: null, exchange: name, exchangeType, routingKey },
  });

  test('messages with one task id are stored each, and leave no draft behind', async () => {
    const broker = data.open();
    await broker.publish([makeMessage('a'), makeMessage('a')]);
    await broker.publish([makeMessage('a')]);
    expect(data.queued('celery').map(({ taskId }) => taskId)).toEqual(['a', 'a', 'a']);
    expect(data.drafts).toEqual([]);
  });

  test('drafts of a killed process are removed after an hour, and newer ones may belong to another', async () => {
    const broker = data.open();
    await broker.publish([makeMessage('a')]);
    const [old, recent] = ['old', 'recent'].map((name) => join(data.out, '.drafts', name));
    writeFileSync(old!, 'half');
    writeFileSync(recent!, 'half');
    const now = Date.now() / 1_000;
    utimesSync(old!, now - 3_700, now - 3_700);
    await broker.publish([makeMessage('b')]);
    expect(data.drafts).toEqual(['recent']);
  });

  test('a direct exchange delivers to the queues that workers have bound by this key', async () => {
    data.bind('jobs', ['urgent', '', 'red'], ['later', '', 'blue']);
    await data.open().publish([makeMessage('a', exchange('jobs', 'direct', 'urgent'))]);
    expect([data.queued('red').length, data.queued('blue').length]).toEqual([1, 0]);
  });

  test('a topic exchange delivers by the patterns of workers and of taskQueues, once for each queue', async () => {
    const topic = createExchange('news', 'topic');
    const queues = new Queues({ ...DEFAULT_RULES, configured: [createQueue('all', topic, '#', {})] });
    data.bind('news', ['eu.*', '^eu\\.[^\\.]+$', 'europe'], ['#', '^.*?$', 'all'], ['us.*', '^us\\.[^\\.]+$', 'us']);
    await data.open(queues).publish([makeMessage('a', exchange('news', 'topic', 'eu.no'))]);
    expect(['all', 'europe', 'us'].map((queue) => data.queued(queue).length)).toEqual([1, 1, 0]);
  });

  test('a fanout exchange delivers to every bound queue', async () => {
    data.bind('alarm', ['', '', 'red'], ['x', '', 'blue']);
    await data.open().publish([makeMessage('a', exchange('alarm', 'fanout', ''))]);
    expect(['red', 'blue'].map((queue) => data.queued(queue).length)).toEqual([1, 1]);
  });

  test('messages without a queue, or with one that no file can name, are rejected, and the others are published', async () => {
    const messages = [
      makeMessage('unbound', exchange('jobs', 'direct', 'urgent')),
      makeMessage('slash', { queue: 'a/b' }),
      makeMessage('long', { queue: 'ø'.repeat(91) }),
      makeMessage('path', exchange('../jobs', 'direct', 'urgent')),
      makeMessage('good'),
    ];
    const rejected = await data.open().publish(messages);
    expect(rejected.map(({ message, reason }) => [message.taskId, reason])).toEqual([
      ['unbound', 'no queue in taskQueues is bound to it'],
      ['slash', 'queue "a/b" contains a character that the name of a file cannot (/ or NUL)'],
      ['long', `queue "${'ø'.repeat(91)}" is 182 bytes long; the name of a file has room for 180`],
      ['path', 'no queue in taskQueues is bound to it'],
    ]);
    expect(data.queued('celery').map(({ taskId }) => taskId)).toEqual(['good']);
  });

  test('a folder that does not exist, or bindings that are not JSON, are errors, and the message can be repeated', async () => {
    rmSync(data.out, { recursive: true });
    const broker = data.open();
    const missing = `broker.publish: there is no folder ${JSON.stringify(data.out)}; create it, or set dataFolderOut in brokerTransportOptions`;
    await expect(broker.publish([makeMessage('a')])).rejects.toThrow(missing);
    mkdirSync(data.out);
    writeFileSync(join(data.control, 'jobs.exchange'), '[["urg');
    await expect(broker.publish([makeMessage('b', exchange('jobs', 'direct', 'urgent'))])).rejects.toThrow(
      /^broker.publish: /,
    );
    data.bind('jobs', ['urgent', '', 'red']);
    await broker.publish([makeMessage('a'), makeMessage('b', exchange('jobs', 'direct', 'urgent'))]);
    expect([data.queued('celery').length, data.queued('red').length]).toEqual([1, 1]);
  });
});
