import { describe, expect, it, vi } from 'vitest';
import type { TaskEventSettings } from '../../../src/message/task-sent.ts';
import type { SentEvent } from '../../../src/events/beat-events.ts';
import { Events } from '../../../src/events/events.ts';
import type { Message } from '../../../src/message/message.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { tellOfTasks } from '../../../src/observe/task-events.ts';
import { makeMessage } from '../../support/message.ts';
import { operationKey } from '../../../src/events/operation.ts';

const SENT_AT = Date.parse('2027-03-01T12:00:00.250Z');

interface RigOptions {
  readonly taskEvents?: TaskEventSettings | null;
  readonly announce?: (messages: readonly Message[]) => Promise<void>;
}

/** Somebody who tells, what of it came to the broker batch by batch, and what went wrong. */
function rig({
  taskEvents = { exchange: 'celeryev', exchangeType: 'topic' },
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
  const teller = tellOfTasks(events, broker, { taskEvents, origin: 'gen7@here', clock });
  const send = (...taskIds: string[]) => {
    events.emit('sent', sentEvent(taskIds));
  };
  return {
    events,
    send,
    teller,
    batches,
    faults,
    recovered,
    ids: () => batches.map((b) => b.map(uuidOf)),
  };
}

function sentEvent(taskIds: readonly string[]): SentEvent {
  return {
    ...{ entry: 'greet', task: 'tasks.greet', taskId: taskIds[0]!, queue: 'celery', term: 1 },
    ...{
      dueAt: SENT_AT - 250,
      cause: 'schedule',
      sentAt: SENT_AT,
      messages: taskIds.map((id) => makeMessage(id)),
    },
  };
}

const bodyOf = ({ body }: Message) => JSON.parse(String(body)) as Record<string, unknown>;
const uuidOf = (message: Message) => bodyOf(message)['uuid'];

describe('telling of sent tasks', () => {
  it('publishes an event for every message of a run, in their order', async () => {
    const { send, teller, batches } = rig();
    send('a', 'b');
    await teller.told();
    expect(batches.flat().map(bodyOf)).toMatchObject([
      { type: 'task-sent', uuid: 'a', clock: 1, timestamp: SENT_AT / 1_000, pid: 7 },
      { type: 'task-sent', uuid: 'b', clock: 2, hostname: 'gen7@here' },
    ]);
    expect(batches.flat().map(({ destination }) => destination)).toEqual(
      Array(2).fill({
        ...{ queue: null, exchange: 'celeryev', exchangeType: 'topic', routingKey: 'task.sent' },
      }),
    );
  });

  it("says how many hours this host is west of Greenwich, as Celery's events do", async () => {
    const { send, teller, batches } = rig();
    const offset = vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(-330);
    send('a');
    offset.mockRestore();
    await teller.told();
    expect(batches.flat().map(bodyOf)).toMatchObject([{ utcoffset: -5.5 }]);
  });

  it('gathers what is sent in one go, and what is sent while it publishes', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { send, teller, ids } = rig({ announce: () => gate.promise });
    send('a');
    send('b');
    expect(ids()).toEqual([]);
    await Promise.resolve();
    send('c');
    send('d');
    gate.resolve(undefined);
    await teller.told();
    expect(ids()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('tells of what had to wait in the outbox when it is in its queue', async () => {
    const { events, teller, batches } = rig();
    const message = makeMessage('late');
    const of = {
      entry: 'greet',
      task: 'tasks.greet',
      taskId: 'late',
      to: 'queue "celery"',
      cause: 'schedule' as const,
    };
    events.emit('delivered', { ...of, dueAt: SENT_AT, message });
    await teller.told();
    const timestamp = Date.parse('2027-03-01T13:00:00Z') / 1_000;
    expect(batches.flat().map(bodyOf)).toMatchObject([{ uuid: 'late', timestamp }]);
  });

  it('does not publish more than 1000 at once', async () => {
    const { send, teller, batches } = rig();
    send(...Array.from({ length: 2_100 }, String));
    await teller.told();
    expect(batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 100]);
  });

  it('says once how many events a broker that fails has lost, and that it works again', async () => {
    let broken = true;
    const { send, teller, batches, faults, recovered } = rig({
      announce: async () => {
        if (broken) throw new Error('Redis did not answer');
      },
    });
    send(...Array.from({ length: 1_700 }, String));
    await teller.told();
    expect(faults).toEqual(['task-events: 1700 events are lost: Redis did not answer']);
    expect(batches).toHaveLength(1);
    expect(recovered).toEqual([]);

    broken = false;
    send('later');
    await teller.told();
    expect(batches.at(-1)!.map(uuidOf)).toEqual(['later']);
    expect(recovered).toEqual(['task-events']);
    expect(faults).toHaveLength(1);
  });

  it('holds no more than 50000 tasks while a broker is slow, and says how many it did not tell of', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { send, teller, batches, faults } = rig({ announce: () => gate.promise });
    send('first');
    await Promise.resolve();
    send(...Array.from({ length: 50_003 }, String));
    gate.resolve(undefined);
    await teller.told();
    expect(batches.flat()).toHaveLength(50_001);
    expect(faults).toEqual([
      'task-events: 3 events are lost: they come faster than the broker takes them',
    ]);
  });

  it('says of one lost event that it is one, and keeps what the broker said as the cause', async () => {
    const error = new Error('Redis did not answer');
    const { events, send, teller, faults } = rig({ announce: () => Promise.reject(error) });
    const causes: unknown[] = [];
    events.on('failure', (fault) => causes.push((fault.error as Error).cause));
    send('a');
    await teller.told();
    expect(faults).toEqual(['task-events: one event is lost: Redis did not answer']);
    expect(causes).toEqual([error]);
  });

  it('tells nothing unless the settings ask for it', async () => {
    const { send, teller, batches } = rig({ taskEvents: null });
    send('a');
    await teller.told();
    expect(batches).toEqual([]);
  });
});
