import { describe, expect, test } from 'vitest';
import { AllowedJobs, parseJob } from '../../../src/shell-worker/job.ts';

describe('arguments of jobs', () => {
  test('a command alone has the defaults of the Python task', () => {
    expect(parseJob({ command: 'ls' })).toEqual({
      command: 'ls',
      shell: '/bin/sh',
      cwd: null,
      env: {},
      stdin: '',
      timeout: null,
      user: null,
      maxOutput: 65_536,
    });
  });

  test('all arguments are read', () => {
    const kwargs = {
      command: 'ls',
      shell: '/bin/bash',
      cwd: '/tmp',
      env: { A: 'b' },
      stdin: 'x',
      timeout: 1.5,
      user: 'root',
      max_output: 0,
    };
    const { max_output: maxOutput, ...same } = kwargs;
    expect(parseJob(kwargs)).toEqual({ ...same, maxOutput });
  });

  test.each([
    [{}, 'it has no command'],
    [{ command: 'ls', when: 1 }, 'it has the unknown argument "when"'],
    [{ command: 'ls', toString: 1 }, 'it has the unknown argument "toString"'],
    [{ command: 7 }, 'its argument command is invalid'],
    [{ command: 'l\0s' }, 'its argument command is invalid'],
    [{ command: 'ls', env: { A: 1 } }, 'its argument env is invalid'],
    [{ command: 'ls', timeout: -1 }, 'its argument timeout is invalid'],
    [{ command: 'ls', max_output: 0.5 }, 'its argument max_output is invalid'],
  ])('%j is invalid', (kwargs, reason) => {
    expect(parseJob(kwargs)).toBe(reason);
  });
});

describe('allowed jobs', () => {
  const allowed = new AllowedJobs([{ command: 'ls', env: { A: '1', B: '2' } }]);

  test('a declared command is allowed, in any order of its keys', () => {
    expect(allowed.has({ env: { B: '2', A: '1' }, command: 'ls' })).toBe(true);
  });

  test('a command that differs in one field is not allowed', () => {
    expect(allowed.has({ command: 'ls' })).toBe(false);
    expect(allowed.has({ command: 'ls', env: { A: '1', B: '3' } })).toBe(false);
    expect(allowed.has({ command: 'ls', env: { A: '1', B: '2' }, user: 'root' })).toBe(false);
  });

  test('they are counted, unless each is allowed', () => {
    expect(allowed.size).toBe(1);
    expect(new AllowedJobs('any').size).toBeNull();
  });

  test('they equal the same jobs in another order', () => {
    const [one, two] = [{ command: 'a' }, { command: 'b' }];
    expect(new AllowedJobs([one, two]).equals(new AllowedJobs([two, one]))).toBe(true);
    expect(new AllowedJobs([one]).equals(new AllowedJobs([one, two]))).toBe(false);
    expect(new AllowedJobs('any').equals(new AllowedJobs([one]))).toBe(false);
  });

  test('with "any" each command is allowed', () => {
    expect(new AllowedJobs('any').has({ command: 'rm' })).toBe(true);
  });
});
