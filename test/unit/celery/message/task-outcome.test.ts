import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  readLargeDocument,
  readResultDocument,
  parsePythonDate,
  toLine,
  parseTaskEvents,
} from '../../../../src/celery/message/task-outcome.ts';

const META = {
  status: 'SUCCESS',
  result: 3,
  traceback: null,
  children: [],
  date_done: '2026-11-22T12:00:00.250000',
  task_id: 'id',
};
const DONE = Date.parse('2026-11-22T12:00:00.250Z');
const SUCCESS = { taskId: 'id', state: 'SUCCESS', doneAt: DONE, runtimeMs: null, worker: null, error: null };

const read = (meta: object) => readResultDocument('id', Buffer.from(JSON.stringify(meta)));

describe('result documents', () => {
  test.each([
    ['json', Buffer.from(JSON.stringify(META))],
    ['msgpack', Buffer.from(encode(META))],
    ['yaml', Buffer.from(stringify(META))],
  ])('result document: a success is read from %s', (_, document) => {
    expect(readResultDocument('id', document)).toEqual(SUCCESS);
  });

  test('result document: a date with an offset, and as kombu writes a datetime', () => {
    const date_done = { __type__: 'datetime', __value__: '2026-11-22T13:00:00.250000+01:00' };
    expect(read({ ...META, date_done })).toEqual(SUCCESS);
  });

  test.each(['PENDING', 'RECEIVED', 'STARTED', 'RETRY', 'PROGRESS'])(
    'result document: %s is not an outcome',
    (status) => {
      expect(read({ ...META, status, date_done: null })).toBeNull();
    },
  );

  test('result document: a failure has the exception in one line, and the worker if it is known', () => {
    const result = { exc_type: 'ValueError', exc_message: ['on\npurpose'], exc_module: 'builtins' };
    expect(read({ ...META, status: 'FAILURE', result, worker: 'celery@host' })).toEqual({
      ...SUCCESS,
      state: 'FAILURE',
      worker: 'celery@host',
      error: 'ValueError: on purpose',
    });
  });

  test('result document: a revoked task says why', () => {
    const result = { exc_type: 'TaskRevokedError', exc_message: ['terminated'], exc_module: 'x' };
    expect(read({ ...META, status: 'REVOKED', result })).toMatchObject({
      state: 'REVOKED',
      error: 'TaskRevokedError: terminated',
    });
  });

  test('result document: a shell command says how long it ran', () => {
    const result = { exit_code: 0, stdout: '', stderr: '', seconds: 1.5 };
    expect(read({ ...META, result })).toMatchObject({ runtimeMs: 1_500 });
  });

  test('result document: a pickled result cannot be read, and the error says what to change', () => {
    const pickle = Buffer.from('80049511', 'hex');
    expect(() => readResultDocument('id', pickle)).toThrow(/pickled.*set result_serializer to json/);
  });

  test('result document: any other document cannot be read', () => {
    expect(() => readResultDocument('id', Buffer.from('7'))).toThrow(/not a result of Celery/);
  });

  test.each([
    ['msgpack that declares 33 million values', Buffer.from('dd01ffffff'.repeat(40), 'hex')],
    ['JSON nested ten thousand levels', Buffer.from(`{"status":"SUCCESS","result":${'['.repeat(10_000)}`)],
    ['YAML nested eight thousand levels', Buffer.from('? '.repeat(8_000))],
  ])('result document: %s is rejected before it is decoded', (_, document) => {
    expect(() => readResultDocument('id', document)).toThrow(/not complete|nested/);
  });

  test('result document: a date, a runtime and the name of a worker are left out if they exceed their bounds', () => {
    const meta = { ...META, date_done: '+200000-01-01T00:00:00Z', worker: `\ud800\n${'w'.repeat(500)}` };
    const document = Buffer.from(JSON.stringify({ ...meta, result: { exit_code: 0, seconds: 1e300 } }));
    const outcome = readResultDocument('id', document)!;
    expect(outcome).toMatchObject({ state: 'SUCCESS', doneAt: null, runtimeMs: null });
    expect(outcome.worker).toHaveLength(255);
    expect(outcome.worker!.isWellFormed()).toBe(true);
  });

  test('large result document: state, date and worker are read from its ends', () => {
    const document = Buffer.from(JSON.stringify({ ...META, result: 'x'.repeat(9_000), worker: 'celery@host' }));
    const [head, tail] = [document.subarray(0, 1_000), document.subarray(-1_000)];
    expect(readLargeDocument('id', { head, tail })).toEqual({ ...SUCCESS, worker: 'celery@host' });
  });

  test('large result document: of a failure, the type of the exception is read', () => {
    const result = { exc_type: 'ValueError', exc_message: ['x'.repeat(9_000)] };
    const document = Buffer.from(JSON.stringify({ ...META, status: 'FAILURE', result }));
    const [head, tail] = [document.subarray(0, 1_000), document.subarray(-1_000)];
    expect(readLargeDocument('id', { head, tail })).toMatchObject({
      state: 'FAILURE',
      error: 'ValueError',
      doneAt: DONE,
    });
  });

  test('python date: UTC unless it has an offset, with a space or a T', () => {
    expect(parsePythonDate('2026-11-22 12:00:00.250000')).toBe(DONE);
    expect(parsePythonDate('2026-11-22T12:00:00.250+00:00')).toBe(DONE);
    expect(parsePythonDate('yesterday')).toBeNull();
    expect(parsePythonDate(null)).toBeNull();
  });

  test('error line: white space is one space, and a long text is cut', () => {
    expect(toLine('  a\n b ')).toBe('a b');
    expect(toLine(' ')).toBeNull();
    expect(toLine('x'.repeat(2_000))).toHaveLength(1_000);
  });
});

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
  const [event] = parse({ ...about, hostname, type: 'task-failed', exception: 'a\u001b[0m\u0007b' });
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
  [{ traceback: 'Traceback:\n  File\nValueError: no\n', exception: "ValueError('no')" }, 'ValueError: no'],
  [{ traceback: null, exception: "ValueError('no')" }, "ValueError('no')"],
  [{ traceback: '', exception: '' }, null],
  [{}, null],
])('task events: the error of a failure with %j is %j', (parts, error) => {
  expect(parse({ ...about, type: 'task-failed', ...parts })).toEqual([
    { ...common, kind: 'ended', state: 'FAILURE', runtimeMs: null, error },
  ]);
});

test('task events: other events are ignored', () => {
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
