import type { Command } from './command.ts';

/** What became of a command: the answer to its sender, and a row of the audit trail. Instants are ISO 8601, UTC. */
export interface AuditRow {
  readonly id: string;
  readonly do: Command['do'];
  readonly entry: string | null;
  readonly by: string;
  readonly reason: string | null;
  /** When it was sent, by the clock of its sender. */
  readonly at: string | null;
  readonly status: 'applied' | 'rejected';
  /** What was done, or why it was rejected; one sentence. */
  readonly answer: string;
  /** When the leader dealt with it, by the leader's clock. */
  readonly answeredAt: string;
  /** The fencing token of that leader. */
  readonly term: number;
}

export type Answer = Pick<AuditRow, 'status' | 'answer'>;

/** Encodes the audit row of a command. `now` is in epoch milliseconds. */
export function encodeAudit(
  command: Command,
  { status, answer }: Answer,
  { now, term }: { readonly now: number; readonly term: number },
): string {
  const row: AuditRow = {
    id: command.id,
    do: command.do,
    entry: 'entry' in command ? command.entry : null,
    by: command.by,
    reason: command.reason,
    at: command.at === null ? null : new Date(command.at).toISOString(),
    ...{ status, answer },
    answeredAt: new Date(now).toISOString(),
    term,
  };
  return JSON.stringify(row);
}

/** The audit row of a text without valid fields: only its id is known. */
export function encodeMalformed(
  id: string,
  reason: string,
  { now, term }: { readonly now: number; readonly term: number },
): string {
  return JSON.stringify({
    ...{ id, do: null, entry: null, by: '', reason: null, at: null },
    ...{ status: 'rejected', answer: reason },
    ...{ answeredAt: new Date(now).toISOString(), term },
  });
}

/** Parses an audit row; `null` for a text that another program wrote there. */
export function decodeAudit(json: string): AuditRow | null {
  try {
    const row = JSON.parse(json) as AuditRow | null;
    return typeof row?.status === 'string' && typeof row.answer === 'string' ? row : null;
  } catch {
    return null;
  }
}
