import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { runCommand } from '../support/command.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';

const WORKER = join(import.meta.dirname, '../../deploy/worker');

const COMMANDS = {
  prints: {
    ...{
      command: 'echo $PLACE $(basename $PWD) $BEAT_DUE_AT ${CELERY_BROKER_URL-unset}; cat; echo braces {{dueAt}} >&2',
    },
    env: { PLACE: 'here' },
    cwd: '/tmp',
    stdin: 'from stdin',
  },
  home: { command: 'echo $PWD $SHELL', cwd: '~', env: { HOME: '/usr' } },
  fails: 'echo broken >&2; exit 3',
  hangs: { command: 'sleep 60 & sleep 60', timeout: '200ms' },
  overflows: { command: 'yes | head -c 100000', maxOutput: 6 },
};

/** What the worker stores as the result of a task. */
interface Stored {
  readonly status: string;
  readonly result: Readonly<Record<string, unknown>>;
}

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  describe.skipIf(missing)(missing || `shell commands in workers of ${celery.name}`, () => {
    const folder = new Folder();
    const cwd = folder.path;
    const sent = new Map<string, SentLine>();
    const output = new Journal<string>();

    const configure = (commands: Readonly<Record<string, unknown>>) => {
      const entries = Object.entries(commands).map(([name, shell]) => [name, { shell, schedule: 1 }]);
      return stringify({ beatSchedule: Object.fromEntries(entries) as object });
    };
    const readResult = (entry: string) => {
      const { taskId } = sent.get(entry)!;
      const file = join(cwd, 'results', `celery-task-meta-${taskId}`);
      const logged = output.all.filter((line) => line.includes(taskId)).join('\n');
      expect(existsSync(file), `no result of ${entry}; the worker logged:\n${logged}`).toBe(true);
      return JSON.parse(readFileSync(file, 'utf8')) as Stored;
    };

    beforeAll(async () => {
      const declared = folder.write('declared.yaml', configure(COMMANDS));
      const undeclared = `touch ${join(cwd, 'touched')}`;
      folder.write('beat.config.yaml', configure({ ...COMMANDS, undeclared }));
      folder.write('commands.json', (await runCommand('shell-commands', '-c', declared)).stdout);
      folder.write('results/.keep', '');
      await using _worker = startWorker(findCelery(celery)!.python);
      // Two programs that add a queue to a database of kombu at the same time are in conflict.
      await output.first('the worker', (line) => line.endsWith(' ready.'));
      await using beat = new BeatProcess({ cwd });
      const lines = await beat.log.until('all entries were sent', (all) => {
        for (const line of all) {
          if (line.event === 'sent' && !sent.has((line as SentLine).entry)) {
            sent.set((line as SentLine).entry, line as SentLine);
          }
        }
        return sent.size === Object.keys(COMMANDS).length + 1 || undefined;
      });
      expect(lines).toBe(true);
      await beat.stop();
      for (const { taskId } of sent.values()) await untilStored(taskId);
    });
    afterAll(() => folder[Symbol.dispose]());

    /** The line of Celery comes after the result is stored; one of the task itself says `succeeded` before. */
    function untilStored(taskId: string): Promise<string> {
      const start = `Task shell.run[${taskId}] `;
      const ended = /\] (?:succeeded|raised)/;
      return output.first(`the end of ${start}`, (line) => line.includes(start) && ended.test(line));
    }

    function startWorker(python: string): Child {
      const args = ['-m', 'celery', '-A', 'beat_shell', 'worker', '-Q', 'shell', '-l', 'info'];
      const add = (line: string) => output.add(line);
      return new Child(python, [...args, '-c', '2'], {
        cwd,
        env: {
          PYTHONPATH: WORKER,
          PYTHONDONTWRITEBYTECODE: '1',
          CELERY_BROKER_URL: 'sqla+sqlite:///beat.sqlite',
          CELERY_RESULT_BACKEND: `file://${join(cwd, 'results')}`,
          BEAT_SHELL_COMMANDS: 'commands.json',
        },
        lines: { 1: add, 2: add },
      });
    }

    test('shell command: receives environment, directory, input and due time, but neither settings nor templates', () => {
      expect(readResult('prints')).toMatchObject({
        status: 'SUCCESS',
        result: {
          exit_code: 0,
          stdout: `here tmp ${sent.get('prints')!.dueAt} unset\nfrom stdin`,
          stderr: 'braces {{dueAt}}\n',
        },
      });
    });

    test('shell command: the directory ~ is the home of its user, and SHELL its shell', () => {
      expect(readResult('home').result['stdout']).toBe('/usr /bin/sh\n');
    });

    test('shell command: fails with its exit code and error output', () => {
      const { status, result } = readResult('fails');
      expect(status).toBe('FAILURE');
      expect(result['exc_type']).toBe('JobFailed');
      expect(JSON.stringify(result['exc_message'])).toMatch(/exit code 3 after .*: broken/);
    });

    test('shell command: is ended with its process group after its timeout', () => {
      const { status, result } = readResult('hangs');
      expect(status).toBe('FAILURE');
      expect(JSON.stringify(result['exc_message'])).toMatch(/exceeded 0\.2 s and was ended: signal/);
    });

    test('shell command: the result contains the end of a long output', () => {
      expect(readResult('overflows').result['stdout']).toBe('y\ny\ny\n');
    });

    test('shell command: is rejected by a worker without its declaration', () => {
      const { status, result } = readResult('undeclared');
      expect(status).toBe('FAILURE');
      expect(result['exc_type']).toBe('JobRejected');
      expect(existsSync(join(cwd, 'touched'))).toBe(false);
    });
  });
}
