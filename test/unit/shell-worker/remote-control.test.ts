import { describe, expect, test } from 'vitest';
import { answerAsWorker } from '../../../src/shell-worker/remote-control.ts';

function rig() {
  const calls: unknown[] = [];
  const answer = answerAsWorker({
    worker: {
      active: [
        {
          taskId: 'id-1',
          entry: 'backup',
          command: 'pg_dump',
          queue: 'shell',
          startedAt: Date.parse('2027-03-01T12:00:00.500Z'),
        },
      ],
      revoked: ['id-0'],
      revoke: (...given) => void calls.push(['revoke', ...given]),
      terminate: (...given) => (calls.push(['terminate', ...given]), given[0].slice(0, 1)),
    },
    task: 'shell.run',
    node: 'beat@host',
    shutdown: () => void calls.push(['shutdown']),
  });
  const ask = (method: string, given: Readonly<Record<string, unknown>> = {}): unknown =>
    answer({ method, arguments: given, replyTo: null, ticket: 't', clock: 0 });
  return { ask, calls };
}

describe('remote control of a worker', () => {
  test('remote control of a worker: revoke discards one task or several', () => {
    const { ask, calls } = rig();
    expect(ask('revoke', { task_id: 'a' })).toEqual({ ok: 'tasks a flagged as revoked' });
    ask('revoke', { task_id: ['a', 'b', 3], terminate: false, signal: 'SIGTERM' });
    expect(calls).toEqual([
      ['revoke', ['a']],
      ['revoke', ['a', 'b']],
    ]);
  });

  test.each([
    [{}, 'SIGTERM'],
    [{ signal: null }, 'SIGTERM'],
    [{ signal: 'SIGKILL' }, 'SIGKILL'],
    [{ signal: 'int' }, 'SIGINT'],
    [{ signal: 15 }, 'SIGTERM'],
  ])('remote control of a worker: terminate with %o sends %s', (given, signal) => {
    const { ask, calls } = rig();
    expect(ask('revoke', { task_id: ['a', 'b'], terminate: true, ...given })).toEqual({ ok: 'terminate: a' });
    ask('terminate', { task_id: 'a', ...given });
    expect(calls).toEqual([
      ['terminate', ['a', 'b'], signal],
      ['terminate', ['a'], signal],
    ]);
  });

  test('remote control of a worker: an unknown signal, or no running task, is in the answer', () => {
    const { ask, calls } = rig();
    const unknown = ask('revoke', { task_id: 'a', terminate: true, signal: 'SIGNONE' });
    expect(unknown).toEqual({ error: 'unknown signal "SIGNONE"' });
    expect(calls).toEqual([]);
    expect(ask('terminate', { task_id: [] })).toEqual({ ok: 'terminate: tasks unknown' });
  });

  test('remote control of a worker: active lists the jobs that run, without their environment', () => {
    const { ask } = rig();
    expect(ask('active')).toEqual([
      {
        ...{ id: 'id-1', name: 'shell.run', type: 'shell.run', args: [], kwargs: { command: 'pg_dump' } },
        ...{ hostname: 'beat@host', time_start: 1_803_902_400.5, acknowledged: false },
        delivery_info: { exchange: '', routing_key: 'shell', priority: 0, redelivered: null },
      },
    ]);
  });

  test('remote control of a worker: answers ping, revoked and shutdown, and no other request', () => {
    const { ask, calls } = rig();
    expect(ask('ping')).toEqual({ ok: 'pong' });
    expect(ask('revoked')).toEqual(['id-0']);
    expect(ask('shutdown')).toBeNull();
    expect(calls).toEqual([['shutdown']]);
    expect(ask('stats')).toBeNull();
    expect(ask('toString')).toBeNull();
  });
});
