import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { Journal } from '../support/journal.ts';

const PYTHON = join(import.meta.dirname, '../../python');

/** Supervises a shell script in place of beat, and writes the log to the same output. */
const PROGRAM = `
import logging, sys
logging.basicConfig(format='%(levelname)s %(message)s', stream=sys.stdout)
from celery_beat.supervise import supervise
supervise(lambda: ['/bin/sh', '-c', sys.argv[1]], logging.getLogger(), float(sys.argv[2]))
print('supervisor ended', flush=True)
`;

const RUNS = "trap 'echo terminated; exit 0' TERM; echo running $$; while :; do sleep 0.1; done";

class Supervisor extends Child {
  readonly lines = new Journal<string>();

  constructor(script: string, firstPause: number) {
    const add = (line: string) => void this.lines.add(line);
    super('python3', ['-c', PROGRAM, script, String(firstPause)], {
      env: { PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
      lines: { 1: (line) => add(line), 2: (line) => add(line) },
    });
    void this.exited.then(({ code }) => this.lines.end(`the supervisor ended with ${code}`));
  }

  /** The process of the script, once it runs. */
  async waitForScript(from = 0): Promise<number> {
    const line = await this.lines.first('a run', (text) => text.startsWith('running'), from);
    return Number(line.split(' ')[1]);
  }
}

describe('the supervisor of the beat in a worker', () => {
  test('starts a beat that was killed again, and logs an error', async () => {
    await using supervisor = new Supervisor(RUNS, 0);
    const first = await supervisor.waitForScript();
    const from = supervisor.lines.all.length;
    process.kill(first, 'SIGKILL');
    const second = await supervisor.waitForScript(from);
    expect(second).not.toBe(first);
    expect(supervisor.lines.all[from]).toBe(
      `ERROR beat: its process ${first} ended (SIGKILL); starting it again in 0 s`,
    );
    supervisor.signal('SIGTERM');
    expect(await supervisor.exited).toEqual({ code: 0, signal: null });
    expect(supervisor.lines.all.slice(-2)).toEqual(['terminated', 'supervisor ended']);
  });

  test('makes longer pauses before a beat that ends again and again, and a stop ends the pause', async () => {
    await using supervisor = new Supervisor('exit 2', 0.001);
    await supervisor.lines.first('a long pause', (line) => line.endsWith('in 0.016 s'));
    supervisor.signal('SIGTERM');
    await supervisor.exited;
    const pauses = supervisor.lines.all.flatMap(
      (line) => /ended \(exit code 2\); starting it again in (\S+) s$/.exec(line)?.[1] ?? [],
    );
    expect(pauses.slice(0, 5)).toEqual(['0.001', '0.002', '0.004', '0.008', '0.016']);
    expect(supervisor.lines.all.at(-1)).toBe('supervisor ended');
  });

  test('sends one signal to beat for a Ctrl-C and the SIGTERM of the worker', async () => {
    const counts = "trap 'echo signal' TERM INT; echo running $$; while :; do sleep 0.1; done";
    await using supervisor = new Supervisor(counts, 0);
    const script = await supervisor.waitForScript();
    supervisor.signal('SIGINT');
    supervisor.signal('SIGTERM');
    await supervisor.lines.first('the signal', (line) => line === 'signal');
    const from = supervisor.lines.all.length;
    process.kill(script, 'SIGKILL');
    await supervisor.exited;
    expect(supervisor.lines.all.slice(from)).toEqual(['supervisor ended']);
  });

  test('lets beat end when it is killed itself', async () => {
    await using supervisor = new Supervisor(RUNS, 0);
    await supervisor.waitForScript();
    supervisor.signal('SIGKILL');
    await supervisor.exited;
    expect(supervisor.lines.all.at(-1)).toBe('terminated');
  });
});
