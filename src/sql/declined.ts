import { DatabaseError } from './database.ts';

/** Why a database that can be reached will not take a message or record, as it stands; `null` for any other error. */
export function declined(error: unknown): string | null {
  return error instanceof DatabaseError && error.fault === 'declined' ? error.message : null;
}
