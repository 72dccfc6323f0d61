import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/contracts/broker/mailbox.ts';
import { openMailbox } from '../../src/drivers/open-consumer.ts';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import { buildRevoke } from '../../src/celery/message/task-sent.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { storeOptions } from './test-store.ts';

/** Receives broadcasts until it is disposed. */
class Receiver implements AsyncDisposable {
  readonly taskIds = new Journal<string>();
  readonly #stop = new AbortController();
  readonly #mailbox: Mailbox;
  readonly #done: Promise<void>;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
    this.#done = mailbox.serve({
      receive: ({ body }) => {
        const request = JSON.parse(body.toString()) as { arguments: { task_id: string[] } };
        for (const taskId of request.arguments.task_id) this.taskIds.add(taskId);
        return null;
      },
      connected: () => {},
      signal: this.#stop.signal,
    });
  }

  static async open(url: string, exchange = 'celery.pidbox'): Promise<Receiver> {
    const options = storeOptions(url);
    return new Receiver((await openMailbox(options.broker, { ...options, exchange, queue: 'q' }))!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await this.#mailbox.close();
  }
}

function mailboxContract(name: string, url: () => string): void {
  test(`mailbox: ${name}: every worker receives each broadcast of its exchange once, also an earlier one`, async () => {
    const store = await openStore(storeOptions(url()));
    await using early = await Receiver.open(url());
    await using other = await Receiver.open(url(), 'shop.pidbox');
    await store.broker.announce([buildRevoke(['one'], 'celery')]);
    await early.taskIds.first('one', (taskId) => taskId === 'one');
    await using late = await Receiver.open(url());
    await late.taskIds.first('one', (taskId) => taskId === 'one');
    await store.broker.announce([buildRevoke(['x'], 'shop'), buildRevoke(['two'], 'celery')]);
    await other.taskIds.first('x', (taskId) => taskId === 'x');
    for (const { taskIds } of [early, late]) {
      await taskIds.first('two', (taskId) => taskId === 'two');
      expect(taskIds.all).toEqual(['one', 'two']);
    }
    expect(other.taskIds.all).toEqual(['x']);
    await store.close();
  });
}

describe('sqlite', () => {
  const folder = new Folder();
  afterAll(() => folder[Symbol.dispose]());
  mailboxContract('sqlite', () => `sqla+sqlite:///${folder.path}/beat.sqlite`);
});

for (const { name, missing, start } of SQL_PRODUCTS) {
  describe.skipIf(missing)(missing || name, () => {
    let server: SqlServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());
    mailboxContract(name, () => server.url());
  });
}
