import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Beat } from '../../src/index.ts';
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts';
import { storeOptions } from '../contract/place.ts';
import { Folder } from '../support/folder.ts';
import { consumeRabbitQueue } from '../support/queues.ts';
import { RabbitServer } from '../support/rabbitmq.ts';
import { requireService } from '../support/services.ts';

const missing = requireService('rabbitmq-server');

describe.skipIf(missing)(missing || 'a beat whose RabbitMQ stands still', () => {
  let server: RabbitServer;
  const folder = new Folder();

  beforeAll(async () => void (server = await RabbitServer.start()));
  afterAll(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('stops soon when it is told to; what it kept is sent by the next', async () => {
    const stateUrl = `sqla+sqlite:///${folder.path}/state.sqlite`;
    const schedule = { every: { task: 'tasks.note', schedule: 1, missed: 'all' as const } };
    const config = { brokerUrl: server.url(), stateUrl, beatSchedule: schedule };
    const beat = new Beat(config);
    const faults: string[] = [];
    beat.on('failure', ({ error }) => faults.push(String(error)));
    const sent = new Promise((resolve) => beat.once('sent', resolve));
    await beat.start();
    await sent;
    server.freeze();
    const state = openSqliteStore(storeOptions(stateUrl));
    await vi.waitFor(async () => expect(await state.ledger.pending(1, '')).toHaveLength(1), 5_000);
    await beat.stop();
    // Ten seconds of silence would end it as well, with other words.
    expect(faults.join('\n')).toContain('stopped before the answer came');
    const left = await state.ledger.pending(1_000, '');
    expect(left.length).toBeGreaterThan(0);
    await state.close();

    server.thaw();
    const heir = new Beat(config);
    const delivered: string[] = [];
    heir.on('delivered', ({ taskId }) => delivered.push(taskId));
    const begun = new Promise((resolve) => heir.once('scheduling', resolve));
    await heir.start();
    await begun;
    await heir.stop();
    expect(delivered).toEqual(expect.arrayContaining(left.map(({ message }) => message.taskId)));
    const queued = (await consumeRabbitQueue(server)).map(({ id }) => id);
    expect(queued).toEqual(expect.arrayContaining(delivered));
  });
});
