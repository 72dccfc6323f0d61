import type { ErrorKind } from '../dialect.ts';

/**
 * SQLSTATE codes, or classes of them (the first two or three characters); any other is `other`. An error without
 * a SQLSTATE is not the server's.
 */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  // Such as a queue name that is too long, or a character that the database's encoding does not contain.
  '22': 'invalid-data',
  // A limit of the server, such as the longest key of an index.
  '54': 'invalid-data',
  '42501': 'denied',
  // Serialization failures and deadlocks.
  '40': 'retryable',
  // Lock timeouts.
  '55P03': 'retryable',
  // Two processes that create one table or queue at once.
  '23505': 'retryable',
  '42P07': 'retryable',
  '42710': 'retryable',
  // A queue that is dropped before its use.
  '23503': 'retryable',
  '42P01': 'undefined-table',
  // Connection exceptions, and a server that shuts down, starts, or closed the connection.
  '08': 'connection-lost',
  '57P': 'connection-lost',
  '25P03': 'connection-lost',
  // A standby, which may have been the primary: a new connection may reach the new primary.
  '25006': 'connection-lost',
};

export function classifyError(error: unknown): ErrorKind {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Five characters like `42P01`; Node's own codes are words like `ECONNRESET`.
  if (!/^[0-9A-Z]{5}$/.test(code) || code === 'EPIPE') return 'connection-lost';
  return KINDS[code] ?? KINDS[code.slice(0, 3)] ?? KINDS[code.slice(0, 2)] ?? 'other';
}
