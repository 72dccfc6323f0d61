/**
 * `--detach`: starts beat as a background process in a session of its own, and waits until it runs. The
 * calling process applies user, umask and working directory first; the background process inherits them.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { CeleryFlags } from '../flags/celery-flags.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { writeErrors, writeLine } from '../output/lines.ts';
import { openLogPath } from './logfile.ts';
import { resolvePaths } from '../flags/placeholders.ts';
import { dropPrivileges } from './privileges.ts';

/** Set for the detached process, which deletes it at once, so that its own child processes are not detached. */
const MARK = 'BEAT_DETACHED';

type StartReport = { readonly started: true } | { readonly error: string };

/** Whether this is the detached process. Returns `true` only at the first call. */
export function isDetached(): boolean {
  const marked = process.env[MARK] !== undefined && process.send !== undefined;
  Reflect.deleteProperty(process.env, MARK);
  return marked;
}

/** Starts the detached process. Resolves with 0 when it follows; else prints its error and resolves with its code. */
export async function detach(flags: CeleryFlags, argv: readonly string[]): Promise<ExitCode> {
  const { logfile } = resolvePaths(flags);
  dropPrivileges(flags);
  const out = logfile === undefined ? 'ignore' : openLogPath(logfile);
  const nodeFlags = ['--disable-sigusr1', ...process.execArgv];
  const child = spawn(process.execPath, [...nodeFlags, process.argv[1]!, ...argv], {
    detached: true,
    stdio: ['ignore', out, out, 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  if (typeof out === 'number' && out > 2) closeSync(out);
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, forward);
  const report = await waitForReport(child);
  if (report && 'started' in report) {
    child.disconnect();
    child.unref();
    const log = logfile ? `its log: ${logfile}` : 'its log is discarded: use --logfile PATH to write it to a file';
    if (!flags.quiet) await writeLine(`beat: running in the background as process ${child.pid}; ${log}`);
    return EXIT.ok;
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const code = child.exitCode;
  const where = logfile === undefined ? '' : `; see ${logfile}`;
  writeErrors(report?.error ?? `beat: the background process ended before it was ready${where}`);
  // A signal or an exit code of 0 is a failure too: the process does not run.
  return code === null || code === EXIT.ok ? EXIT.failure : (code as ExitCode);
}

/** Sends the report to the waiting parent process, then disconnects from it. */
export async function notifyParent(report: StartReport): Promise<void> {
  // The parent may have ended already, which must not stop this process.
  await new Promise<void>((resolve) => process.send?.(report, () => resolve()) ?? resolve());
  if (process.connected) process.disconnect();
}

/** Resolves with `undefined` if the process ends without a report: messages arrive before the channel closes. */
async function waitForReport(child: ChildProcess): Promise<StartReport | undefined> {
  const closed = once(child, 'disconnect').then(() => undefined);
  return Promise.race([once(child, 'message').then(([message]) => message as StartReport), closed]);
}
