import { DatabaseError } from './database-error.ts';
import { concernsOnlySomeEntries } from './rights.ts';

/** Why a reachable database rejects a message or state as it is; `null` for any other error. */
export function rejectionReason(error: unknown): string | null {
  if (!(error instanceof DatabaseError)) return null;
  const { kind, missingRights, message } = error;
  // A right to a table that all entries need says nothing about one message.
  const isRejected =
    kind === 'invalid-data' || (kind === 'denied' && concernsOnlySomeEntries(missingRights));
  return isRejected ? message : null;
}
