import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { AuditRow } from '../../commands/audit.ts';
import { CommandRejectedError, sendCommand } from '../../commands/send-command.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { systemClock } from '../../util/clock.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';

/** Flags that every command to the leader takes. */
export interface SendFlags extends GlobalFlags {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** How long a command waits for the leader's answer. Milliseconds. */
const WAIT = 5_000;

/** Sends commands to the leader and prints its answers. */
export interface Sender {
  /**
   * Returns 1 when the command was rejected, or is not answered yet: a script must not go on as if it had been
   * applied.
   */
  send(command: Readonly<Record<string, unknown>>): Promise<ExitCode>;
  close(): Promise<void>;
}

export async function openSender(flags: SendFlags): Promise<Sender> {
  const store = await openState(storeOptions(await readSettings(flags), systemClock));
  return {
    async send(command) {
      const whole = {
        id: randomUUID(),
        at: new Date(systemClock.now()).toISOString(),
        by: sender(),
        ...command,
        ...(flags.reason !== undefined && { reason: flags.reason }),
      };
      const waits = flags.wait !== false;
      const options = { clock: systemClock, wait: waits ? WAIT : 0 };
      let row: Answered | null;
      try {
        row = await sendCommand(store.commands, whole, options);
      } catch (error) {
        if (!(error instanceof CommandRejectedError)) throw error;
        row = { id: whole.id, status: 'rejected', answer: error.message };
      }
      return print(row, whole.id, waits, flags.json === true);
    },
    close: () => store.close(),
  };
}

/** Sends one command. */
export async function send(
  command: Readonly<Record<string, unknown>>,
  flags: SendFlags,
): Promise<ExitCode> {
  const sender = await openSender(flags);
  try {
    return await sender.send(command);
  } finally {
    await sender.close();
  }
}

/** The row of the audit trail; of a command that was not stored, what is known of it. */
type Answered = AuditRow | Pick<AuditRow, 'id' | 'status' | 'answer'>;

function print(row: Answered | null, id: string, waits: boolean, json: boolean): ExitCode {
  if (json) process.stdout.write(`${JSON.stringify(row ?? { id, status: 'pending' })}\n`);
  if (row) {
    if (row.status === 'applied') {
      if (!json) process.stdout.write(`${row.answer}\n`);
      return EXIT.ok;
    }
    if (!json) process.stderr.write(`beat: rejected: ${row.answer}\n`);
    return EXIT.failure;
  }
  if (!waits) {
    if (!json) process.stdout.write(`stored command ${id}\n`);
    return EXIT.ok;
  }
  if (!json) {
    process.stderr.write(
      `beat: no instance answered within ${WAIT / 1_000} s (is one running?); ` +
        `command ${id} is stored, and applied when an instance leads\n`,
    );
  }
  return EXIT.failure;
}

/** `alice@host`, for the log and the audit trail. */
function sender(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run as a number that has no name.
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
