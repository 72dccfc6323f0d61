import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import { Detached } from '../support/detached.ts';
import { Folder } from '../support/folder.ts';
import { waitForLogLine } from '../support/log-file.ts';

const CONFIG = `
lock: { ttl: 1s }
beatSchedule:
  quick: { task: tasks.quick, schedule: 0.2 }
`;

let folder: Folder;
let cwd: string;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
});
afterEach(() => folder[Symbol.dispose]());

/** Returns the TCP ports on which a process listens: `local address` of its sockets in state 0A. */
function listening(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const sockets = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  return ['tcp', 'tcp6'].flatMap((protocol) =>
    readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === '0A' && sockets.has(columns[9] ?? ''))
      .map((columns) => columns[1]!),
  );
}

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('SIGUSR1: opens no debugger port, and beat continues', async () => {
    await using beat = new BeatProcess({ cwd });
    await beat.waitForRuns(1);
    for (let i = 0; i < 5; i++) beat.signal('SIGUSR1');
    await beat.waitForRuns(3);
    expect(listening(beat.pid)).toEqual([]);
    expect(await beat.stop()).toEqual({ code: 0, signal: null });
    expect(beat.errors).toEqual([]);
  });

  test('SIGUSR1: opens no debugger port in a detached process, from its first moment', async () => {
    await runBeat(['--detach', '-f', 'beat.log', '--pidfile', 'beat.pid'], { cwd });
    using beat = new Detached(cwd, 'beat.pid');
    expect(readFileSync(`/proc/${beat.pid}/cmdline`, 'utf8')).toContain('\0--disable-sigusr1\0');
    process.kill(beat.pid, 'SIGUSR1');
    await waitForLogLine(join(cwd, 'beat.log'), 'sent', 3);
    expect(listening(beat.pid)).toEqual([]);
    await beat.stop();
    expect(readFileSync(join(cwd, 'beat.log'), 'utf8')).not.toContain('Debugger');
  });

  test.each([
    ['Dockerfile', /^ENTRYPOINT \["node", "--disable-sigusr1", /m],
    ['package.json', /"start": "node --disable-sigusr1 /],
  ])('SIGUSR1: the start command in %s disables the debugger', (file, starts) => {
    expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toMatch(starts);
  });
});
