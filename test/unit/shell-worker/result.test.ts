import { describe, expect, test } from 'vitest';
import { describeResult, JobFailed, JobRejected, resultOf, type TaskState } from '../../../src/shell-worker/result.ts';
import type { Task } from '../../../src/shell-worker/task.ts';

describe('the description of a result', () => {
  const result = { exit_code: 0, stdout: 'out\n', stderr: '', seconds: 0.2 };

  test.each([
    [{}, 'exit code 0 after 0.2 s: out'],
    [{ exit_code: 3, stderr: ' error \n' }, 'exit code 3 after 0.2 s: error'],
    [{ exit_code: -9, stdout: '' }, 'signal SIGKILL after 0.2 s'],
    [{ exit_code: -200, stdout: ' ' }, 'signal 200 after 0.2 s'],
  ])('of %j is "%s"', (more, text) => {
    expect(describeResult({ ...result, ...more })).toBe(text);
  });
});

describe('the record of a task', () => {
  const task: Task = {
    ...{ id: 'id', name: 'shell.run', args: [], kwargs: { command: 'ls' }, entry: 'backup', dueAt: null },
    ...{ eta: null, expires: null, timeLimit: null, ignoreResult: false, retries: 2, groupId: 'g', parentId: 'p' },
    hasFollowUps: false,
  };
  const record = (state: TaskState) => resultOf(task, state, { worker: 'beat@host', queue: 'shell', now: 7 });

  test('has the request and the time of its end', () => {
    const result = { exit_code: 0, stdout: '', stderr: '', seconds: 1 };
    expect(record({ status: 'SUCCESS', result })).toEqual({
      request: {
        ...{ name: 'shell.run', args: [], kwargs: { command: 'ls' } },
        ...{ worker: 'beat@host', retries: 2, queue: 'shell' },
      },
      ...{ taskId: 'id', status: 'SUCCESS', groupId: 'g', parentId: 'p', result, traceback: null, doneAt: 7 },
    });
  });

  test('that runs has the worker, and no end', () => {
    expect(record({ status: 'STARTED' })).toMatchObject({
      ...{ status: 'STARTED', result: { hostname: 'beat@host' }, traceback: null, doneAt: null },
    });
  });

  test.each([new JobFailed('exit code 1'), new JobRejected('not declared')])(
    'that failed has the exception of the Python task: %s',
    (error) => {
      expect(record({ status: 'FAILURE', error })).toMatchObject({
        result: { exc_type: error.name, exc_message: [error.message], exc_module: 'beat_shell' },
        traceback: `${error.name}: ${error.message}`,
        doneAt: 7,
      });
    },
  );

  test('that was revoked has the exception of Celery', () => {
    expect(record({ status: 'REVOKED', reason: 'expired' })).toMatchObject({
      result: { exc_type: 'TaskRevokedError', exc_message: ['expired'], exc_module: 'celery.exceptions' },
      traceback: null,
    });
  });
});
