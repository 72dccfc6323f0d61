import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { entryOf as taskEntry, entryProblems as taskProblems } from '../support.ts';

/** An entry that has a command in place of the task. */
const entryOf = (entry: object, settings?: object) => taskEntry({ task: null, ...entry }, settings);
const problemsOf = (entry: object) => taskProblems({ task: null, ...entry });

describe('shell entry', () => {
  test('sends the command to the task shell.run and the queue shell', () => {
    expect(entryOf({ shell: 'date | tee -a log' })).toMatchObject({
      task: 'shell.run',
      args: [],
      kwargs: { command: 'date | tee -a log' },
      options: { queue: 'shell' },
    });
  });

  test('sends all fields as keyword arguments, in seconds and bytes', () => {
    const shell = {
      command: 'psql',
      shell: '/bin/bash',
      cwd: '/srv',
      env: { LANG: 'C' },
      stdin: 'select 1;',
      timeout: '90s',
      user: 'postgres',
      maxOutput: 1_000,
    };
    expect(entryOf({ shell }).kwargs).toEqual({
      command: 'psql',
      shell: '/bin/bash',
      cwd: '/srv',
      env: { LANG: 'C' },
      stdin: 'select 1;',
      timeout: 90,
      user: 'postgres',
      max_output: 1_000,
    });
    expect(entryOf({ shell: { command: 'psql', max_output: 1 } }).kwargs).toEqual({ command: 'psql', max_output: 1 });
  });

  test('sends to the task and the queue of the settings, unless its options name where to publish', () => {
    const settings = { shell_task: 'ops.run', shell_queue: 'ops' };
    const entry = entryOf({ shell: 'true', options: { priority: 3 } }, settings);
    expect(entry).toMatchObject({ task: 'ops.run', options: { queue: 'ops', priority: 3 } });
    const own = entryOf({ shell: 'true', options: { queue: 'host-7' } }, settings);
    expect(own.options.queue).toBe('host-7');
    const options = { exchange: 'hosts', routingKey: '7' };
    const onRedis = { ...settings, brokerUrl: 'redis://localhost' };
    expect(entryOf({ shell: 'true', options }, onRedis).options.queue).toBeUndefined();
  });

  test('passes braces to the shell, because a command is not a template', () => {
    const command = "docker ps --format '{{.Names}} {{dueAt}}'";
    const entry = entryOf({ shell: { command, env: { A: '{{dueAt}}' } } });
    expect(entry.kwargs).toEqual({ command, env: { A: '{{dueAt}}' } });
    expect(entry.compute).toBeUndefined();
  });

  test('is read as the definition of a stored entry', () => {
    const { definitions } = resolveSettings({});
    const { entry, definition } = definitions.read('e', { shell: 'true', schedule: 60 });
    expect(entry).toMatchObject({ task: 'shell.run', kwargs: { command: 'true' } });
    expect(definition).toEqual({ shell: 'true', schedule: 60, timezone: 'UTC' });
    const changed = definitions.update(definition, { shell: null, task: 't' });
    expect(definitions.read('e', changed).entry.task).toBe('t');
  });

  test.each<[string, object, string[]]>([
    [
      'task beside shell',
      { task: 't', args: [1], kwargs: { a: 1 } },
      ['task', 'args', 'kwargs'].map((key) => `${key}: is present beside shell; keep one of them`),
    ],
    [
      'an empty command',
      { shell: '' },
      ['shell: expected a command without NUL characters, of 1 to 131071 bytes, got ""'],
    ],
    [
      'a command that is too long',
      { shell: 'é'.repeat(65_536) },
      ['shell: expected a command without NUL characters, of 1 to 131071 bytes, got text of 65536 characters'],
    ],
    ['no command', { shell: { cwd: '/' } }, [expect.stringMatching(/^shell\.command: missing; expected/)]],
    [
      'invalid fields of the map',
      { shell: { command: 'a\0b', comand: 'a', timeout: -1, maxOutput: 1.5, user: '' } },
      [
        expect.stringMatching(/^shell\.command: expected a command without NUL/),
        expect.stringMatching(/^shell\.timeout: expected a number of seconds/),
        expect.stringMatching(/^shell\.user: expected text without NUL/),
        expect.stringMatching(/^shell\.maxOutput: expected a whole number from 0/),
        'shell.comand: unknown key; did you mean "command"?',
      ],
    ],
    [
      'invalid variables',
      { shell: { command: 'true', env: { 'A=B': 'a', '': 'a', C: 5, D: 'x\0', E: 'y'.repeat(130_001) } } },
      [
        expect.stringMatching(/^shell\.env\["A=B"\]: expected a name of 1 to 200 characters/),
        expect.stringMatching(/^shell\.env\[""\]: expected a name of 1 to 200 characters/),
        expect.stringMatching(/^shell\.env\.C: expected text without NUL/),
        expect.stringMatching(/^shell\.env\.D: expected text without NUL/),
        expect.stringMatching(/^shell\.env\.E: .*of at most 130000 bytes/),
      ],
    ],
    ['a lone surrogate', { shell: 'a \ud800' }, [expect.stringMatching(/^shell: holds half a character/)]],
    [
      'an invalid option',
      { shell: 'true', options: { queu: 'a' } },
      ['options.queu: unknown key; did you mean "queue"?'],
    ],
    ['a number', { shell: 5, schedule: 'x' }, [expect.any(String), expect.any(String)]],
  ])('reports all errors: %s', (_, entry, problems) => {
    expect(problemsOf({ shell: 'true', ...entry })).toEqual(problems);
  });
});
