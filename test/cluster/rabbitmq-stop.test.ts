import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Beat } from '../../src/index.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import { storeOptions } from '../contract/test-store.ts';
import { Folder } from '../support/folder.ts';
import { consumeRabbitQueue } from '../support/queues.ts';
import { borrowRabbit, type BorrowedRabbit } from '../support/borrowed-rabbitmq.ts';
import { requireService } from '../support/services.ts';
import { isReadable } from '../../src/contracts/store/unreadable.ts';

const missing = requireService('rabbitmq-server');

describe.skipIf(missing)(missing || 'RabbitMQ that is frozen', () => {
  let server: BorrowedRabbit;
  const folder = new Folder();

  beforeAll(async () => void (server = await borrowRabbit()));
  afterAll(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('delays no stop; the next instance publishes what is left in the outbox', async () => {
    const stateUrl = `sqla+sqlite:///${folder.path}/state.sqlite`;
    const schedule = { every: { task: 'tasks.note', schedule: 1, missed: 'all' as const } };
    const config = { brokerUrl: server.url(), stateUrl, beatSchedule: schedule };
    const beat = new Beat(config);
    const failures: string[] = [];
    beat.on('failure', ({ error }) => failures.push(String(error)));
    const sent = new Promise((resolve) => beat.once('sent', resolve));
    await beat.start();
    await sent;
    await server.freeze();
    const state = openSqlStore(storeOptions(stateUrl));
    await vi.waitFor(async () => expect(await state.ledger.pending(1, '')).toHaveLength(1), 5_000);
    await beat.stop();
    // The idle timeout would end it after ten seconds, with another message.
    expect(failures.join('\n')).toContain('stopped before the answer arrived');
    const left = (await state.ledger.pending(1_000, '')).filter(isReadable);
    expect(left.length).toBeGreaterThan(0);
    await state.close();

    await server.thaw();
    const next = new Beat(config);
    const delivered: string[] = [];
    next.on('delivered', ({ taskId }) => delivered.push(taskId));
    const scheduling = new Promise((resolve) => next.once('scheduling', resolve));
    await next.start();
    await scheduling;
    await next.stop();
    expect(delivered).toEqual(expect.arrayContaining(left.map(({ message }) => message.taskId)));
    const queued = (await consumeRabbitQueue(server)).map(({ id }) => id);
    expect(queued).toEqual(expect.arrayContaining(delivered));
  });
});
