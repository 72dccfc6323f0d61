/**
 * `--detach`: a process of its own session takes over, and the one that was called waits until that runs.
 * The caller has already become who it shall be and gone where it shall be; the other inherits it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { CeleryFlags } from '../flags/celery-flags.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openLogPath } from './logfile.ts';
import { become, pathsOf } from './paths.ts';

/** Set for the detached process, which forgets it at once: what it starts is not detached. */
const MARK = 'BEAT_DETACHED';

/** What the detached process tells the one that waits for it. */
type Word = { readonly started: true } | { readonly error: string };

/** Whether this is the detached process. Answers `true` once. */
export function isDetached(): boolean {
  const marked = process.env[MARK] !== undefined && process.send !== undefined;
  Reflect.deleteProperty(process.env, MARK);
  return marked;
}

/**
 * Starts the detached process with the arguments of this one. Resolves with 0 once it has read its
 * configuration, opened its store and begun to follow; else with its exit code, and says what it said.
 */
export async function detach(flags: CeleryFlags, argv: readonly string[]): Promise<ExitCode> {
  const { logfile } = pathsOf(flags);
  become(flags);
  const out = logfile === undefined ? 'ignore' : openLogPath(logfile);
  const nodeFlags = ['--disable-sigusr1', ...process.execArgv];
  const child = spawn(process.execPath, [...nodeFlags, process.argv[1]!, ...argv], {
    detached: true,
    stdio: ['ignore', out, out, 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  if (typeof out === 'number' && out > 2) closeSync(out);
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, passOn);
  const word = await firstWord(child);
  if (word && 'started' in word) {
    child.disconnect();
    child.unref();
    if (!flags.quiet) process.stdout.write(`${startedText(child.pid!, logfile)}\n`);
    return EXIT.ok;
  }
  const ended = await endOf(child);
  const where = logfile === undefined ? '' : `; see ${logfile}`;
  process.stderr.write(`${word?.error ?? `beat: it ended before it had started${where}`}\n`);
  // Ended by a signal, or as if all were well: it is not there, whatever the reason.
  return ended === null || ended === EXIT.ok ? EXIT.failure : (ended as ExitCode);
}

/** Tells the process that waits for this one, which is then alone. */
export async function tell(word: Word): Promise<void> {
  // Nobody may be there any more, which is no reason to stop.
  await new Promise<void>((resolve) => process.send?.(word, () => resolve()) ?? resolve());
  if (process.connected) process.disconnect();
}

function startedText(pid: number, logfile: string | undefined): string {
  const log =
    logfile === undefined
      ? 'its log is written nowhere: give --logfile PATH to keep it'
      : `its log: ${logfile}`;
  return `beat: running in the background as process ${pid}; ${log}`;
}

/** `undefined` when it ended without one. Whatever was said arrives before the channel closes. */
async function firstWord(child: ChildProcess): Promise<Word | undefined> {
  const silence = once(child, 'disconnect').then(() => undefined);
  const word = once(child, 'message').then(([message]) => message as Word);
  return Promise.race([word, silence]);
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
