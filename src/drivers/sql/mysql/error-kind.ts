import type { ErrorKind } from '../dialect.ts';

/** Error numbers that MariaDB and MySQL share; any other is `other`. */
const KINDS: Readonly<Record<number, ErrorKind>> = {
  // Too long, out of range, or a character that the table's character set does not contain.
  1406: 'invalid-data',
  1264: 'invalid-data',
  1366: 'invalid-data',
  3854: 'invalid-data',
  1044: 'denied',
  1142: 'denied',
  1143: 'denied',
  1370: 'denied',
  // Lock waits, deadlocks, and rows that changed under a transaction.
  1205: 'retryable',
  1213: 'retryable',
  1020: 'retryable',
  1412: 'retryable',
  // Two processes that create one table or queue at once, and a queue that is dropped before its use.
  1050: 'retryable',
  1062: 'retryable',
  1452: 'retryable',
  1146: 'undefined-table',
  // A server that shuts down or closed the connection; a replica, which may have been the primary.
  1053: 'connection-lost',
  1927: 'connection-lost',
  4031: 'connection-lost',
  1290: 'connection-lost',
  1836: 'connection-lost',
};

export function classifyError(error: unknown): ErrorKind {
  if (!isAnswer(error)) return 'connection-lost';
  return KINDS[error.errno] ?? 'other';
}

/** Whether the error is the server's own; otherwise there was no answer. */
export function isAnswer(error: unknown): error is Error & { readonly errno: number } {
  return error instanceof Error && 'sqlMessage' in error && typeof error.sqlMessage === 'string';
}
