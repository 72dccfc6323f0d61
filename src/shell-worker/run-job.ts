import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { constants, userInfo } from 'node:os';
import { omitSettings } from '../config/variables.ts';
import { saferepr } from '../celery/message/python.ts';
import type { Clock } from '../util/clock.ts';
import { waitAtMost } from '../util/wait.ts';
import type { Job } from './job.ts';
import { groupOf, readTail, type Host, type ProcessGroup } from './process-group.ts';
import { JobFailed, JobRejected, describeResult, type JobResult } from './result.ts';
import { switchUser } from './switch-user.ts';

export interface RunJobOptions {
  readonly host: Host;
  readonly clock: Clock;
  /** The variable `BEAT_DUE_AT` of the job; `null` for none. */
  readonly dueAt: string | null;
  readonly signal: AbortSignal;
  /** Contains the process group while the job runs. */
  readonly groups: Set<ProcessGroup>;
}

/** How long output may continue after the job, because a background process holds it open. Milliseconds. */
const OUTPUT_GRACE = 1_000;

/** The working directory that means the home of the user, or `/` if there is no home. */
const HOME = '~';

/** The instant that beat writes into the header; other texts are not passed on. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Runs a job in its own session and process group. Rejects with `JobFailed`, or `JobRejected` if it cannot start. */
export async function runJob(job: Job, options: RunJobOptions): Promise<JobResult> {
  const { host, clock } = options;
  const started = clock.monotonic();
  const child = await startJob(job, options);
  const group = groupOf(child.pid!, host, clock);
  options.groups.add(group);
  const [output, errors] = [readTail(child.stdout, job.maxOutput), readTail(child.stderr, job.maxOutput)];
  const closed = once(child, 'close');
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  // The job may end without reading its input.
  child.stdin.on('error', () => {});
  child.stdin.end(job.stdin);

  const timedOut = await endInTime(child, group, job.timeout, options);
  const [code, signal] = await exited;
  options.groups.delete(group);
  await waitAtMost(clock, OUTPUT_GRACE, new AbortController().signal, () => closed);
  // A process in the background may hold these pipes open; they must not keep a stopping worker running.
  child.stdin.destroy();
  for (const tail of [output, errors]) tail.detach();
  const result: JobResult = {
    exit_code: signal === null ? code! : -constants.signals[signal],
    stdout: output.text(),
    stderr: errors.text(),
    seconds: Math.round(clock.monotonic() - started) / 1_000,
  };
  const name = saferepr(job.command);
  if (timedOut) throw new JobFailed(`${name} exceeded ${job.timeout} s and was ended: ${describeResult(result)}`);
  if (result.exit_code !== 0) throw new JobFailed(`${name} failed: ${describeResult(result)}`);
  return result;
}

async function startJob({ command, shell, cwd, env, user }: Job, { host, dueAt }: RunJobOptions) {
  const switched = user === null ? { env: {}, program: [] } : await switchUser(user, host);
  const variables = { SHELL: shell, ...switched.env, ...env };
  const home = cwd === HOME ? findHome({ ...host.env, ...variables }) : null;
  const directory = home === null ? cwd : isDirectory(home) ? home : '/';
  if (directory !== null && !isDirectory(directory))
    throw notStarted(command, `the directory ${JSON.stringify(cwd)} does not exist`);
  const due = dueAt !== null && INSTANT.test(dueAt) ? { BEAT_DUE_AT: dueAt } : {};
  const own: Readonly<Record<string, string>> = { ...variables, ...(home !== null && { HOME: home }), ...due };
  const inherited = omitSettings(host.env);
  const start = [shell, '-c', command];
  // `env` sets the variables after the user was switched.
  const assignments = Object.entries(own).map(([name, value]) => `${name}=${value}`);
  const [program, ...args] =
    switched.program.length === 0 ? start : [...switched.program, '/usr/bin/env', '--', ...assignments, ...start];
  const child = spawn(program!, args, {
    ...(directory !== null && { cwd: directory }),
    env: switched.program.length === 0 ? { ...inherited, ...own } : inherited,
    detached: true,
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw notStarted(command, (error as Error).message);
  }
  return child;
}

/** The variable `HOME`, or the home of the worker's user. */
function findHome(variables: Readonly<Record<string, string | undefined>>): string {
  const { HOME: home } = variables;
  if (home !== undefined && home !== '') return home;
  try {
    return userInfo().homedir;
  } catch {
    // A container may run as a user id without a user.
    return '/';
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function notStarted(command: string, reason: string): JobRejected {
  return new JobRejected(`${saferepr(command)} cannot be started: ${reason}`);
}

/** Ends the group when its time is over, or when the signal aborts. Returns whether the time was exceeded. */
async function endInTime(
  child: ChildProcess,
  group: ProcessGroup,
  timeout: number | null,
  { clock, signal }: RunJobOptions,
): Promise<boolean> {
  await waitAtMost(clock, (timeout ?? Infinity) * 1_000, signal, () => once(child, 'exit'));
  if (child.exitCode !== null || child.signalCode !== null) return false;
  const isTimedOut = !signal.aborted;
  await group.end(firstSignal(signal));
  return isTimedOut;
}

/** The first signal that an aborted job receives: the reason of the abort, or SIGTERM. */
export function firstSignal({ reason }: { readonly reason: unknown }): NodeJS.Signals {
  return typeof reason === 'string' ? (reason as NodeJS.Signals) : 'SIGTERM';
}
