import type { Fault } from '../server.ts';

/** Answers that say whose turn it is to act, by the servers' numbers; MariaDB and MySQL share these. */
const FAULTS: Readonly<Record<number, Fault>> = {
  // Data that does not fit: too long, out of range, a character that the table's set does not have.
  1406: 'declined',
  1264: 'declined',
  1366: 'declined',
  3854: 'declined',
  // Rights.
  1044: 'denied',
  1142: 'denied',
  1143: 'denied',
  1370: 'denied',
  // Lock waits, deadlocks, and rows that changed under a transaction.
  1205: 'again',
  1213: 'again',
  1020: 'again',
  1412: 'again',
  // Two that make the same table or queue at once, and a queue dropped between our look and our use.
  1050: 'again',
  1062: 'again',
  1452: 'again',
  1146: 'missing',
  // A server that is going down, or has hung up on us; a replica, perhaps the master of yesterday.
  1053: 'lost',
  1927: 'lost',
  4031: 'lost',
  1290: 'lost',
  1836: 'lost',
};

export function faultOf(error: unknown): Fault {
  if (!isAnswer(error)) return 'lost';
  return FAULTS[error.errno] ?? 'refused';
}

/** Whether the server itself said so; else there was no answer. */
export function isAnswer(error: unknown): error is Error & { readonly errno: number } {
  return error instanceof Error && 'sqlMessage' in error && typeof error.sqlMessage === 'string';
}
