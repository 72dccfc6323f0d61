import { repairCommand, describeUnreadable, type Unreadable } from '../../contracts/store/unreadable.ts';
import type { StoredAudit } from '../../contracts/store/command-log.ts';
import { parseJson } from '../../util/decode/json.ts';
import { formatIso, formatIsoOrNull } from '../../util/format-iso.ts';
import type { CommandHeader } from './command.ts';
import { auditRow, type AuditRow } from './shapes.ts';

export type Answer = Pick<AuditRow, 'status' | 'answer'>;

/** Encodes the audit row of a command, or of a malformed one. `now` is in epoch milliseconds. */
export function encodeAudit(
  { id, at, do: name, entry, by, reason }: CommandHeader & { readonly id: string },
  { status, answer }: Answer,
  { now, term }: { readonly now: number; readonly term: number },
): string {
  const header = { id, do: name, entry, by, reason, at: formatIsoOrNull(at) };
  const row: AuditRow = { ...header, status, answer, answeredAt: formatIso(now), term };
  return JSON.stringify(row);
}

/** Rows also have the fields that this release does not know. */
const storedRow = auditRow.loose();

export function decodeAudit({ id, json }: StoredAudit): AuditRow | Unreadable {
  try {
    const { success, data } = storedRow.safeParse(parseJson(json));
    if (success) return data;
  } catch {
    // Described below.
  }
  return describeUnreadable(json, {
    id,
    expected: 'an audit row',
    instants: ['answeredAt', 'at'],
    repair: repairCommand(id, 'audit'),
  });
}

/** The answer to a command; `null` if its audit row cannot be read. */
export function decodeAnswer(stored: StoredAudit): AuditRow | null {
  const row = decodeAudit(stored);
  return 'kind' in row ? null : row;
}
