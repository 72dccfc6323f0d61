import { DatabaseError } from './database.ts';
import { Undeliverable } from './messages.ts';

/** Why a database that can be reached will not take a message or record, as it stands; `null` for any other error. */
export function declined(error: unknown): string | null {
  if (error instanceof Undeliverable) return error.message;
  return error instanceof DatabaseError && error.fault === 'declined' ? error.message : null;
}
