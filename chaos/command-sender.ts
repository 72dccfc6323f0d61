import { setTimeout as delay } from 'node:timers/promises';
import { decodeAnswer } from '../src/entries/commands/audit.ts';
import type { AuditRow } from '../src/entries/commands/shapes.ts';
import type { CommandLog } from '../src/contracts/store/command-log.ts';
import type { PlannedCommand } from './commands.ts';

/** A command that was sent, and the answer to it. */
export interface SentCommand {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** `null` when no instance answered. */
  readonly answer: AuditRow | null;
}

/** How long the instances may take to answer after the last command and the last fault. Milliseconds. */
const ANSWER_TIMEOUT = 30_000;
const POLL_INTERVAL = 100;

/** Instants that a plan gives relative to the sending. */
const RELATIVE = ['until', 'from', 'to'];

/**
 * Sends each command at its time and returns all of them with their answers. Commands wait while the broker of an
 * outbox is away, so the time for answers begins when all faults are `healed`.
 */
export async function sendCommands(
  log: CommandLog,
  planned: readonly PlannedCommand[],
  healed: Promise<unknown>,
): Promise<SentCommand[]> {
  const started = Date.now();
  const sent: { id: string; fields: SentCommand['fields'] }[] = [];
  for (const [i, { at, times, fields }] of planned.entries()) {
    await delay(Math.max(0, started + at - Date.now()));
    const id = `command ${i}`;
    const command = { id, by: 'chaos', ...resolveInstants(fields, Date.now()) };
    for (let left = times; left > 0; left--) await append(log, JSON.stringify(command));
    sent.push({ id, fields: command });
  }
  await healed;
  const ids = sent.map(({ id }) => id);
  let answers = new Map<string, string>();
  const end = Date.now() + ANSWER_TIMEOUT;
  while (Date.now() < end) {
    answers = await log.findAudit(ids).then(
      (found) => new Map(found),
      () => answers,
    );
    if (answers.size === ids.length) break;
    await delay(POLL_INTERVAL);
  }
  return sent.map((each) => {
    const answer = answers.get(each.id);
    return { ...each, answer: answer === undefined ? null : decodeAnswer({ id: each.id, json: answer }) };
  });
}

function resolveInstants(fields: PlannedCommand['fields'], now: number): PlannedCommand['fields'] {
  const instants = RELATIVE.flatMap((name) => {
    const value = fields[name];
    return typeof value === 'number' ? [[name, new Date(now + value).toISOString()]] : [];
  });
  return { ...fields, ...(Object.fromEntries(instants) as PlannedCommand['fields']) };
}

/** Repeats an append that failed, because its server is down: a command that arrives twice is applied once. */
async function append(log: CommandLog, json: string): Promise<void> {
  const end = Date.now() + ANSWER_TIMEOUT;
  for (;;) {
    try {
      await log.append(json);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(POLL_INTERVAL);
    }
  }
}
