import {
  isCount,
  isIsoInstant,
  isText,
  mapOf,
  oneOf,
  orNull,
} from '../../contracts/store/record-fields.ts';
import { repairCommand } from '../../contracts/store/repair-command.ts';
import { describeUnreadable, type Unreadable } from '../../contracts/store/unreadable.ts';
import type { StoredAudit } from '../../contracts/store/command-log.ts';
import { parseJson } from '../../util/decode/json.ts';
import type { Command, CommandHeader } from './command.ts';

/** What became of a command: the answer to its sender, and a row of the audit trail. Instants are ISO 8601, UTC. */
export interface AuditRow {
  readonly id: string;
  /** `null` for a command that cannot be parsed and does not name one that exists. */
  readonly do: Command['do'] | null;
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

/** Encodes the audit row of a command, or of what can be read of one. `now` is in epoch milliseconds. */
export function encodeAudit(
  { id, at, do: name, entry, by, reason }: CommandHeader & { readonly id: string },
  { status, answer }: Answer,
  { now, term }: { readonly now: number; readonly term: number },
): string {
  const row: AuditRow = {
    ...{ id, do: name, entry, by, reason },
    at: at === null ? null : new Date(at).toISOString(),
    ...{ status, answer },
    answeredAt: new Date(now).toISOString(),
    term,
  };
  return JSON.stringify(row);
}

const checkRow = mapOf({
  ...{ id: isText, do: orNull(isText), entry: orNull(isText), by: isText, reason: orNull(isText) },
  ...{ at: orNull(isIsoInstant), status: oneOf('applied', 'rejected'), answer: isText },
  ...{ answeredAt: isIsoInstant, term: isCount },
});

export function decodeAudit({ id, json }: StoredAudit): AuditRow | Unreadable {
  try {
    const row = parseJson(json);
    if (checkRow(row)) return row as AuditRow;
  } catch {
    // Described below.
  }
  return describeUnreadable(json, {
    ...{ id, expected: 'an audit row', instants: ['answeredAt', 'at'] },
    repair: repairCommand(id, 'audit'),
  });
}

/** The answer to a command; `null` if its audit row cannot be read. */
export function decodeAnswer(stored: StoredAudit): AuditRow | null {
  const row = decodeAudit(stored);
  return 'kind' in row ? null : row;
}
