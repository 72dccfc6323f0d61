import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BeatProcess, BUILT } from '../support/beat-process.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';

const CONFIG = `
brokerUrl: sqla+sqlite:///of-the-file.sqlite
lock: { ttl: 1s }
beatSchedule:
  quick: { task: tasks.quick, schedule: 0.2 }
`;

/** The command, quoted for a shell. */
const BEAT = `'${process.execPath}' '${BUILT}'`;

let folder: Folder;
let cwd: string;
beforeAll(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
});
afterAll(() => folder[Symbol.dispose]());

test('start output: is JSON lines without a terminal: the settings, then each run', async () => {
  await using beat = new BeatProcess({ cwd });
  await beat.waitForRuns(2);
  await beat.stop();
  const [starting] = beat.log.all;
  expect(starting).toMatchObject({
    level: 'info',
    event: 'starting',
    broker: 'sqla+sqlite:///of-the-file.sqlite',
    scheduler: '1 of 1 entries enabled, from beat.config.yaml, and celery.backend_cleanup as in Celery',
    timezone: 'UTC',
    lock: 'beat:lock, 1 s',
  });
  expect(starting?.['next']).toHaveLength(5);
  expect(beat.log.all.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['starting', 'leading', 'scheduling', 'sent', 'stopping', 'stopped']),
  );
  expect({ text: beat.text, errors: beat.errors }).toEqual({ text: '', errors: [] });
});

test("start output: is Celery's banner with --log-format text", async () => {
  await using beat = new BeatProcess({ cwd, args: ['--log-format', 'text'] });
  await beat.lines.first('a run', (line) => line.includes('Sending due task quick'));
  await beat.stop();
  expectBanner(beat.text);
  expect(beat.log.all).toEqual([]);
});

const script = existsSync('/usr/bin/script') && process.platform === 'linux';
test.skipIf(!script)(
  script ? 'is a banner by itself on a terminal' : 'no script(1) here, which makes a terminal',
  async () => {
    const screen = new Journal<string>();
    await using _terminal = new Child('/usr/bin/script', ['-qefc', BEAT, '/dev/null'], {
      cwd,
      lines: { 1: (line) => screen.add(line) },
    });
    await screen.first('a run', (line) => line.includes('Sending due task quick'));
    expectBanner(screen.all.join('\n').replaceAll('\r', ''));
  },
);

function expectBanner(text: string): void {
  expect(text).toMatch(/^beat v\d+\.\d+\.\d+ is starting\.$/m);
  expect(text).toMatch(/^ {2}\. broker {4}-> sqla\+sqlite:\/\/\/of-the-file\.sqlite$/m);
  expect(text).toMatch(/^ {2}\. timezone {2}-> UTC$/m);
  expect(text).toMatch(/^ {2}\. lock {6}-> beat:lock, 1 s$/m);
  expect(text.match(/UTC {2}quick$/gm)).toHaveLength(5);
}

test('command line: continues without an error if the reader closes the pipe', async () => {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const command = `${BEAT} next -n 100000 --json | head -n 1`;
  await using shell = new Child('sh', ['-c', command], {
    cwd,
    lines: { 1: (line) => stdout.push(line), 2: (line) => stderr.push(line) },
  });
  await shell.exited;
  expect(stdout).toEqual([expect.stringContaining('"entry":"quick"')]);
  expect(stderr).toEqual([]);
});
