import { DatabaseError } from './database.ts';
import { isAboutQueues } from './rights.ts';

/** Why a database that can be reached will not take a message or record, as it stands; `null` for any other error. */
export function declined(error: unknown): string | null {
  if (!(error instanceof DatabaseError)) return null;
  // Without the right to a table that all entries need, no message is to blame.
  const isDeclined =
    error.fault === 'declined' || (error.fault === 'denied' && isAboutQueues(error.lacking));
  return isDeclined ? error.message : null;
}
