import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Consumer, Delivery } from '../../../src/contracts/broker/consumer.ts';
import type { JobEnded, MessageDiscarded } from '../../../src/contracts/events/worker-events.ts';
import type { TaskResult } from '../../../src/contracts/store/results.ts';
import { systemClock } from '../../../src/util/system-clock.ts';
import { ShellWorker, type ShellWorkerOptions } from '../../../src/shell-worker/shell-worker.ts';
import { Fifo } from '../../support/fifo.ts';
import { Folder } from '../../support/folder.ts';
import { settle } from '../../support/settle.ts';

/** A queue in this process whose connection the test can lose. */
class FakeConsumer implements Consumer {
  readonly waiting: Delivery[] = [];
  readonly acked: string[] = [];
  readonly requeued: string[] = [];
  readonly suspended: string[] = [];
  #wake: () => void = () => {};

  /** `ack` and `requeue` report what `isLost` says at that time. */
  add(id: string, headers: object, { isLost = (): boolean => false } = {}): void {
    const kwargs = { command: COMMANDS[id] ?? id };
    this.waiting.push({
      queue: 'shell',
      message: {
        headers: { task: 'shell.run', id, ...headers },
        body: Buffer.from(JSON.stringify([[], kwargs, {}])),
        contentType: 'application/json',
        contentEncoding: 'utf-8',
      },
      ack: async () => {
        if (!isLost()) this.acked.push(id);
        return !isLost();
      },
      suspend: async () => void this.suspended.push(id),
      resume: async () => void this.suspended.splice(this.suspended.indexOf(id), 1),
      requeue: async () => void this.requeued.push(id),
    });
    this.#wake();
  }

  async receive(signal: AbortSignal): Promise<Delivery | null> {
    while (this.waiting.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return signal.aborted ? null : this.waiting.shift()!;
  }

  async cancel(): Promise<void> {}
  async close(): Promise<void> {}
}

/** Commands by task id; other ids are commands themselves. */
const COMMANDS: Record<string, unknown> = {};

describe('worker', () => {
  let folder: Folder;
  let consumer: FakeConsumer;
  let stored: TaskResult[];
  let stop: AbortController;

  beforeEach(() => {
    folder = new Folder();
    consumer = new FakeConsumer();
    stored = [];
    stop = new AbortController();
  });
  afterEach(() => folder[Symbol.dispose]());

  const makeWorker = (more: Partial<ShellWorkerOptions> = {}) => {
    const worker = new ShellWorker(
      {
        name: 'beat@test',
        task: 'shell.run',
        concurrency: 2,
        acks: 'late',
        consumer,
        results: { store: async (result) => void stored.push(result), close: async () => {} },
        jobs: { has: async () => true },
        host: {
          env: { PATH: process.env['PATH'] },
          uid: process.geteuid!(),
          kill: (pid, signal) => void process.kill(pid, signal),
        },
        clock: systemClock,
        ...more,
      },
      stop.signal,
    );
    return { worker, ended: worker.run() };
  };
  const statuses = () => stored.map(({ status }) => status);

  test('worker: stores the result before it acknowledges the message', async () => {
    const { worker, ended } = makeWorker();
    consumer.add('echo out', {});
    await once(worker.events, 'succeeded');
    expect(consumer.acked).toEqual([]);
    stop.abort();
    await ended;
    expect(statuses()).toEqual(['STARTED', 'SUCCESS']);
    expect(stored.at(-1)!.result).toMatchObject({ exit_code: 0, stdout: 'out\n' });
    expect(consumer.acked).toEqual(['echo out']);
  });

  test('worker: a message that arrives again while its job runs does not start it again', async () => {
    using fifo = new Fifo(join(folder.path, 'fifo'));
    COMMANDS['waits'] = `head -c 1 ${fifo.path}`;
    const { worker, ended } = makeWorker();
    let isLost = false;
    let started = 0;
    worker.events.on('started', () => (started += 1));
    consumer.add('waits', {}, { isLost: () => isLost });
    await once(worker.events, 'started');
    isLost = true;
    consumer.add('waits', {});
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    const done = once(worker.events, 'succeeded');
    fifo.fill();
    await done;
    stop.abort();
    await ended;
    expect(started).toBe(2);
    expect(consumer.acked.toSorted()).toEqual(['true', 'waits']);
  });

  test('worker: a message that arrives again after its job has ended is only acknowledged', async () => {
    const { worker, ended } = makeWorker({ concurrency: 1 });
    let started = 0;
    worker.events.on('started', () => (started += 1));
    consumer.add('true', {}, { isLost: () => true });
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    consumer.add('echo last', {});
    await once(worker.events, 'succeeded');
    stop.abort();
    await ended;
    expect(started).toBe(2);
    expect(consumer.acked).toEqual(['true', 'echo last']);
  });

  test('worker: an expired message is stored as revoked and does not run', async () => {
    const { worker, ended } = makeWorker();
    consumer.add('true', { expires: '2020-01-01T00:00:00' });
    await once(worker.events, 'expired');
    stop.abort();
    await ended;
    expect(statuses()).toEqual(['REVOKED']);
    expect(stored[0]!.result).toMatchObject({ exc_type: 'TaskRevokedError' });
    expect(consumer.acked).toEqual(['true']);
  });

  test('worker: a message with a later ETA leaves its slot to others, and returns to its queue at a stop', async () => {
    const { worker, ended } = makeWorker({ concurrency: 1 });
    consumer.add('later', { eta: '2999-01-01T00:00:00+00:00' });
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    expect(consumer.suspended).toEqual(['later']);
    stop.abort();
    await ended;
    expect(consumer.suspended).toEqual([]);
    expect(consumer.requeued).toEqual(['later']);
    expect(consumer.acked).toEqual(['true']);
  });

  test('worker: a job runs at its ETA although no other message arrives', async () => {
    const { worker, ended } = makeWorker({ concurrency: 1 });
    consumer.add('true', { eta: new Date(Date.now() + 200).toISOString() });
    await once(worker.events, 'succeeded');
    stop.abort();
    await ended;
    expect(consumer.acked).toEqual(['true']);
  });

  test('worker: a message with ignore_result stores nothing', async () => {
    const { worker, ended } = makeWorker();
    consumer.add('true', { ignore_result: true });
    await once(worker.events, 'succeeded');
    stop.abort();
    await ended;
    expect(stored).toEqual([]);
  });

  test('worker: a rejected job is stored as a failure and acknowledged', async () => {
    const { worker, ended } = makeWorker({ jobs: { has: async () => false } });
    consumer.add('true', {});
    await once(worker.events, 'rejected');
    stop.abort();
    await ended;
    expect(statuses()).toEqual(['FAILURE']);
    expect(stored[0]!.result).toMatchObject({ exc_type: 'JobRejected' });
    expect(consumer.acked).toEqual(['true']);
  });

  test('worker: a job that is not a text is rejected, and the next message runs', async () => {
    COMMANDS['a map'] = { toString: 1 };
    const { worker, ended } = makeWorker();
    consumer.add('a map', {});
    const [{ command }] = (await once(worker.events, 'rejected')) as [JobEnded];
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    stop.abort();
    await ended;
    expect(command).toBe('{"toString":1}');
    expect(consumer.acked).toEqual(['a map', 'true']);
  });

  test('worker: a message that it fails to handle is discarded, and the next message runs', async () => {
    const { worker, ended } = makeWorker();
    consumer.add('deep', {});
    const delivery = consumer.waiting[0]!;
    const headers = { ...delivery.message!.headers, eta: '2100-01-01T00:00:00Z' };
    consumer.waiting[0] = {
      ...delivery,
      message: { ...delivery.message!, headers },
      suspend: () => Promise.reject(new Error('unexpected')),
    };
    const [discarded] = (await once(worker.events, 'discarded')) as [MessageDiscarded];
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    stop.abort();
    await ended;
    expect(discarded).toMatchObject({ taskId: 'deep', queue: 'shell' });
    expect(consumer.acked).toEqual(['deep', 'true']);
  });

  test('worker: a task that was revoked before its message arrives is stored as revoked and does not run', async () => {
    const { worker, ended } = makeWorker();
    worker.revoke(['true']);
    consumer.add('true', {});
    const [{ signal }] = (await once(worker.events, 'revoked')) as [{ signal: unknown }];
    stop.abort();
    await ended;
    expect(signal).toBeNull();
    expect(worker.revoked).toEqual(['true']);
    expect(statuses()).toEqual(['REVOKED']);
    expect(stored[0]!.result).toEqual({
      exc_type: 'TaskRevokedError',
      exc_message: ['revoked'],
      exc_module: 'celery.exceptions',
    });
    expect(consumer.acked).toEqual(['true']);
  });

  test('worker: a revoked task that waits for its ETA is discarded at once', async () => {
    const { worker, ended } = makeWorker({ concurrency: 1 });
    consumer.add('later', { eta: '2999-01-01T00:00:00+00:00' });
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    const revoked = once(worker.events, 'revoked');
    expect(worker.terminate(['later'], 'SIGTERM')).toEqual([]);
    await revoked;
    stop.abort();
    await ended;
    expect(statuses()).toEqual(['STARTED', 'SUCCESS', 'REVOKED']);
    expect(consumer.acked).toEqual(['true', 'later']);
  });

  test('worker: revoke does not end a running job, and terminate does, with the given signal', async () => {
    using fifo = new Fifo(join(folder.path, 'fifo'));
    COMMANDS['traps'] =
      `trap 'echo interrupted; exit 0' INT; trap '' TERM; echo trapped > ${fifo.path}; while :; do sleep 0.05; done`;
    const { worker, ended } = makeWorker();
    consumer.add('traps', {});
    await once(worker.events, 'started');
    while (fifo.read().length === 0) await settle();
    worker.revoke(['traps']);
    expect(worker.active).toMatchObject([{ taskId: 'traps', queue: 'shell' }]);
    const revoked = once(worker.events, 'revoked');
    expect(worker.terminate(['traps', 'other'], 'SIGINT')).toEqual(['traps']);
    expect(await revoked).toMatchObject([{ taskId: 'traps', signal: 'SIGINT' }]);
    stop.abort();
    await ended;
    expect(worker.active).toEqual([]);
    expect(statuses()).toEqual(['STARTED', 'REVOKED']);
    expect(stored.at(-1)!.result).toMatchObject({ exc_message: ['terminated'] });
    expect(consumer.acked).toEqual(['traps']);
  });

  test('worker: a job that ignores the first signal ends by a second signal', async () => {
    using fifo = new Fifo(join(folder.path, 'fifo'));
    COMMANDS['ignores'] = `trap '' TERM; echo trapped > ${fifo.path}; while :; do sleep 0.05; done`;
    const { worker, ended } = makeWorker();
    consumer.add('ignores', {});
    await once(worker.events, 'started');
    while (fifo.read().length === 0) await settle();
    const revoked = once(worker.events, 'revoked');
    worker.terminate(['ignores'], 'SIGTERM');
    worker.terminate(['ignores'], 'SIGKILL');
    await revoked;
    stop.abort();
    await ended;
    expect(statuses()).toEqual(['STARTED', 'REVOKED']);
  });

  test('worker: with early acknowledgement a job that was ended is lost and stored as a failure', async () => {
    using fifo = new Fifo(join(folder.path, 'fifo'));
    COMMANDS['blocked'] = `head -c 1 ${fifo.path}`;
    const { worker, ended } = makeWorker({ acks: 'early' });
    consumer.add('blocked', {});
    await once(worker.events, 'started');
    expect(consumer.acked).toEqual(['blocked']);
    stop.abort();
    worker.abort();
    await ended;
    expect(statuses().at(-1)).toBe('FAILURE');
    expect(consumer.requeued).toEqual([]);
  });

  test('worker: with early acknowledgement a message that arrives again while its job runs is acknowledged once', async () => {
    using fifo = new Fifo(join(folder.path, 'fifo'));
    COMMANDS['waits'] = `head -c 1 ${fifo.path}`;
    const { worker, ended } = makeWorker({ acks: 'early' });
    let started = 0;
    worker.events.on('started', () => (started += 1));
    consumer.add('waits', {}, { isLost: () => true });
    await once(worker.events, 'started');
    consumer.add('waits', {});
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    const done = once(worker.events, 'succeeded');
    fifo.fill();
    await done;
    stop.abort();
    await ended;
    expect(started).toBe(2);
    expect(consumer.acked.toSorted()).toEqual(['true', 'waits']);
  });

  test('worker: no more jobs than the concurrency run at the same time', async () => {
    const { worker, ended } = makeWorker({ concurrency: 2 });
    let [running, most] = [0, 0];
    worker.events.on('started', () => (most = Math.max(most, (running += 1))));
    const all = Promise.withResolvers<undefined>();
    let left = 6;
    worker.events.on('succeeded', () => {
      running -= 1;
      left -= 1;
      if (left === 0) all.resolve(undefined);
    });
    for (let i = 0; i < 6; i++) consumer.add(`echo ${i}`, {});
    await all.promise;
    stop.abort();
    await ended;
    expect(most).toBe(2);
  });

  test('worker: failures to receive are reported, and the next message runs', async () => {
    const receive = consumer.receive.bind(consumer);
    let failures = 0;
    consumer.receive = (signal) => (failures++ === 0 ? Promise.reject(new Error('down')) : receive(signal));
    const { worker, ended } = makeWorker();
    const recovered: unknown[] = [];
    worker.failures.on('recovered', ({ operation }) => recovered.push(operation.kind));
    consumer.add('true', {});
    await once(worker.events, 'succeeded');
    stop.abort();
    await ended;
    expect(recovered).toEqual(['receive']);
  });
});
