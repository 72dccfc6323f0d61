import { expect, test } from 'vitest';
import { parseTaskEvents } from '../../../../src/celery/message/task-outcome.ts';

const about = { uuid: 'id', hostname: 'celery@one', timestamp: 1_800_000_000.1236, clock: 3 };
const common = { taskId: 'id', worker: 'celery@one', at: 1_800_000_000_124 };
const parse = (body: unknown) => parseTaskEvents(Buffer.from(JSON.stringify(body)));

test('task events: the beginning and the end of a task, in a list as workers send them', () => {
  expect(
    parse([
      { ...about, type: 'task-received', name: 'tasks.report' },
      { ...about, type: 'task-started' },
      { ...about, type: 'task-succeeded', result: "'done'", runtime: 0.2504 },
    ]),
  ).toEqual([
    { ...common, kind: 'started' },
    { ...common, kind: 'ended', state: 'SUCCESS', runtimeMs: 250, error: null },
  ]);
});

test.each([
  [0, 0],
  [-1, null],
  ['1.5', null],
  [null, null],
  [1e305, null],
])('task events: the runtime %j is %j ms', (runtime, expected) => {
  expect(parse({ ...about, type: 'task-succeeded', runtime })).toMatchObject([
    { state: 'SUCCESS', runtimeMs: expected },
  ]);
});

test.each([1e14, 1e300, -1e14, '1800000000', null])(
  'task events: one with the timestamp %j is left out',
  (timestamp) => {
    expect(parse({ ...about, timestamp, type: 'task-succeeded', runtime: 1 })).toEqual([]);
  },
);

test('task events: names of workers and errors are one line, and have no control sequences', () => {
  const hostname = `celery@\u001b[31mred\n${'x'.repeat(300)}`;
  const [event] = parse({
    ...about,
    hostname,
    type: 'task-failed',
    exception: 'a\u001b[0m\u0007b',
  });
  expect(event).toMatchObject({ error: 'a [0m b' });
  expect(event!.worker).toMatch(/^celery@ \[31mred x+…$/);
  expect(event!.worker).toHaveLength(255);
});

test('task events: one event alone', () => {
  expect(parse({ ...about, type: 'task-revoked', terminated: true })).toEqual([
    { ...common, kind: 'ended', state: 'REVOKED', runtimeMs: null, error: null },
  ]);
});

test.each([
  [
    { traceback: 'Traceback:\n  File\nValueError: no\n', exception: "ValueError('no')" },
    'ValueError: no',
  ],
  [{ traceback: null, exception: "ValueError('no')" }, "ValueError('no')"],
  [{ traceback: '', exception: '' }, null],
  [{}, null],
])('task events: the error of a failure with %j is %j', (parts, error) => {
  expect(parse({ ...about, type: 'task-failed', ...parts })).toEqual([
    { ...common, kind: 'ended', state: 'FAILURE', runtimeMs: null, error },
  ]);
});

test('task events: what is not an event of a task is left out', () => {
  expect(parseTaskEvents(Buffer.from('{"type": "task-sta'))).toEqual([]);
  const started = { ...about, type: 'task-started' };
  expect(
    parse([
      null,
      'task-started',
      [started],
      { ...started, uuid: 7 },
      { ...started, hostname: null },
      { ...started, timestamp: 'now' },
      { ...started, timestamp: null },
      { ...started, type: 'worker-heartbeat' },
      { ...started, type: 'task-rejected', requeue: true },
      { ...started, type: 'task-retried' },
      { ...started, type: ['task-started'] },
    ]),
  ).toEqual([]);
  for (const runtime of [null, -1, '1', undefined]) {
    expect(parse({ ...about, type: 'task-succeeded', runtime })).toMatchObject([{ runtimeMs: null }]);
  }
});
