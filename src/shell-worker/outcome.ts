import { constants } from 'node:os';

/** What a command did, in the form of the result of the task: the same as in deploy/worker/beat_shell.py. */
export interface CommandResult {
  /** Negative for the number of the signal that ended the command. */
  readonly exit_code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** The command ended with another exit code than 0, or by a signal, or exceeded its time. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
}

/** The command is not one that this worker may run, or cannot be started. */
export class CommandRejected extends Error {
  override name = 'CommandRejected';
}

/** Such as `exit code 3 after 0.2 s: pg_dump: no such database`. */
export function describeResult({
  exit_code: code,
  stdout,
  stderr,
  seconds,
}: CommandResult): string {
  const how = code < 0 ? `signal ${signalName(-code)}` : `exit code ${code}`;
  const output = (stderr || stdout).trim();
  return `${how} after ${seconds} s${output === '' ? '' : `: ${output}`}`;
}

/** The exit code of a command that a signal ended. */
export function codeOfSignal(signal: NodeJS.Signals): number {
  return -constants.signals[signal];
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, each]) => each === number);
  return found?.[0] ?? String(number);
}
