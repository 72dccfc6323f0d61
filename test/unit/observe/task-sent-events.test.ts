import { describe, expect, test, vi } from 'vitest';
import type { TaskEventSettings } from '../../../src/celery/message/task-sent.ts';
import { type SentEvent, operationKey } from '../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../src/contracts/events/events.ts';
import type { Message } from '../../../src/celery/message/message.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { publishTaskEvents } from '../../../src/observe/task-sent-events.ts';
import { makeMessage } from '../../support/message.ts';

const SENT_AT = Date.parse('2027-03-01T12:00:00.250Z');

interface RigOptions {
  readonly settings?: () => TaskEventSettings | null;
  readonly announce?: (messages: readonly Message[]) => Promise<void>;
}

/** A publisher, the batches that its broker received, and what failed. */
function rig({
  settings = () => ({ exchange: 'celeryev', exchangeType: 'topic' }),
  announce = async () => {},
}: RigOptions = {}) {
  const events = new Events();
  const batches: (readonly Message[])[] = [];
  const faults: string[] = [];
  const recovered: string[] = [];
  events.on('failure', ({ operation, error }) => {
    faults.push(`${operationKey(operation)}: ${(error as Error).message}`);
  });
  events.on('recovered', ({ operation }) => recovered.push(operationKey(operation)));
  const broker = {
    publish: () => Promise.reject(new Error('events are not tasks')),
    announce: async (messages: readonly Message[]) => {
      batches.push(messages);
      await announce(messages);
    },
    close: async () => {},
  };
  const clock = new ManualClock('2027-03-01T13:00:00Z');
  const publisher = publishTaskEvents(events, broker, { settings, origin: 'gen7@here', clock });
  const send = (...taskIds: string[]) => {
    events.emit('sent', sentEvent(taskIds));
  };
  return { events, send, publisher, batches, faults, recovered, ids: () => batches.map((b) => b.map(uuidOf)) };
}

function sentEvent(taskIds: readonly string[]): SentEvent {
  return {
    entry: 'greet',
    task: 'tasks.greet',
    taskId: taskIds[0]!,
    queue: 'celery',
    term: 1,
    ...{ dueAt: SENT_AT - 250, cause: 'schedule', sentAt: SENT_AT, messages: taskIds.map((id) => makeMessage(id)) },
  };
}

const bodyOf = ({ body }: Message) => JSON.parse(String(body)) as Record<string, unknown>;
const uuidOf = (message: Message) => bodyOf(message)['uuid'];

describe('task events', () => {
  test('publishes an event for every message of a run, in their order', async () => {
    const { send, publisher, batches } = rig();
    send('a', 'b');
    await publisher.flush();
    expect(batches.flat().map(bodyOf)).toMatchObject([
      { type: 'task-sent', uuid: 'a', clock: 1, timestamp: SENT_AT / 1_000, pid: 7 },
      { type: 'task-sent', uuid: 'b', clock: 2, hostname: 'gen7@here' },
    ]);
    expect(batches.flat().map(({ destination }) => destination)).toEqual(
      Array(2).fill({ queue: null, exchange: 'celeryev', exchangeType: 'topic', routingKey: 'task.sent' }),
    );
  });

  test("has the host's offset from UTC in hours west, as Celery's events do", async () => {
    const { send, publisher, batches } = rig();
    const offset = vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(-330);
    send('a');
    offset.mockRestore();
    await publisher.flush();
    expect(batches.flat().map(bodyOf)).toMatchObject([{ utcoffset: -5.5 }]);
  });

  test('batches events that are emitted together, or during a publish', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { send, publisher, ids } = rig({ announce: () => gate.promise });
    send('a');
    send('b');
    expect(ids()).toEqual([]);
    await Promise.resolve();
    send('c');
    send('d');
    gate.resolve(undefined);
    await publisher.flush();
    expect(ids()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('publishes the event of a delayed message as soon as the message is in its queue', async () => {
    const { events, publisher, batches } = rig();
    const message = makeMessage('late');
    const of = {
      entry: 'greet',
      task: 'tasks.greet',
      taskId: 'late',
      to: 'queue "celery"',
      cause: 'schedule' as const,
    };
    events.emit('delivered', { ...of, dueAt: SENT_AT, message });
    await publisher.flush();
    const timestamp = Date.parse('2027-03-01T13:00:00Z') / 1_000;
    expect(batches.flat().map(bodyOf)).toMatchObject([{ uuid: 'late', timestamp }]);
  });

  test('publishes at most 1000 events at once', async () => {
    const { send, publisher, batches } = rig();
    send(...Array.from({ length: 2_100 }, String));
    await publisher.flush();
    expect(batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 100]);
  });

  test('reports once how many events were dropped while the broker failed, and the recovery', async () => {
    let broken = true;
    const { send, publisher, batches, faults, recovered } = rig({
      announce: async () => {
        if (broken) throw new Error('Redis did not answer');
      },
    });
    send(...Array.from({ length: 1_700 }, String));
    await publisher.flush();
    expect(faults).toEqual(['task-events: 1700 events were dropped: Redis did not answer']);
    expect(batches).toHaveLength(1);
    expect(recovered).toEqual([]);

    broken = false;
    send('later');
    await publisher.flush();
    expect(batches.at(-1)!.map(uuidOf)).toEqual(['later']);
    expect(recovered).toEqual(['task-events']);
    expect(faults).toHaveLength(1);
  });

  test('keeps at most 50,000 events while the broker is slow, and reports how many were dropped', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { send, publisher, batches, faults } = rig({ announce: () => gate.promise });
    send('first');
    await Promise.resolve();
    send(...Array.from({ length: 50_003 }, String));
    gate.resolve(undefined);
    await publisher.flush();
    expect(batches.flat()).toHaveLength(50_001);
    expect(faults).toEqual(['task-events: 3 events were dropped: the broker is slower than beat sends']);
  });

  test('reports one dropped event in the singular, with the error of the broker as the cause', async () => {
    const error = new Error('Redis did not answer');
    const { events, send, publisher, faults } = rig({ announce: () => Promise.reject(error) });
    const causes: unknown[] = [];
    events.on('failure', (fault) => causes.push((fault.error as Error).cause));
    send('a');
    await publisher.flush();
    expect(faults).toEqual(['task-events: 1 event was dropped: Redis did not answer']);
    expect(causes).toEqual([error]);
  });

  test('follows the settings in force when they are replaced', async () => {
    let taskEvents: TaskEventSettings | null = null;
    const { send, publisher, ids } = rig({ settings: () => taskEvents });
    send('a');
    taskEvents = { exchange: 'celeryev', exchangeType: 'topic' };
    send('b');
    await publisher.flush();
    taskEvents = null;
    send('c');
    await publisher.flush();
    expect(ids()).toEqual([['b']]);
  });

  test('publishes nothing if task events are disabled', async () => {
    const { send, publisher, batches } = rig({ settings: () => null });
    send('a');
    await publisher.flush();
    expect(batches).toEqual([]);
  });
});
