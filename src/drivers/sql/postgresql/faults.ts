import type { Fault } from '../server.ts';

/**
 * Answers that say whose turn it is to act, by SQLSTATE or its class (two characters). Anything with a
 * SQLSTATE is an answer.
 */
const FAULTS: Readonly<Record<string, Fault>> = {
  // Data that does not fit: a queue's name too long, a character that the database cannot hold.
  '22': 'declined',
  // A limit of the server's, such as the longest name that an index takes.
  '54': 'declined',
  '42501': 'denied',
  // Serialization failures and deadlocks.
  '40': 'again',
  // A lock that was waited for too long.
  '55P03': 'again',
  // Two that make the same table or queue at once.
  '23505': 'again',
  '42P07': 'again',
  '42710': 'again',
  // A queue that was dropped between our look and our use.
  '23503': 'again',
  '42P01': 'missing',
  // Connection exceptions, and a server that is going down, coming up, or has hung up on us.
  '08': 'lost',
  '57P': 'lost',
  '25P03': 'lost',
  // A standby, perhaps the master of yesterday: a new connection may lead to today's.
  '25006': 'lost',
};

export function faultOf(error: unknown): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Five characters like `42P01`; Node's own codes are words like `ECONNRESET`.
  if (!/^[0-9A-Z]{5}$/.test(code) || code === 'EPIPE') return 'lost';
  return FAULTS[code] ?? FAULTS[code.slice(0, 3)] ?? FAULTS[code.slice(0, 2)] ?? 'refused';
}
