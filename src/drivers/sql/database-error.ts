import { StoreError, type StoreErrorOptions } from '../../util/errors.ts';
import type { ErrorKind, SqlDialect } from './dialect.ts';
import { concernsOnlySomeEntries, grantStatements, type Right } from './rights.ts';

export class DatabaseError extends StoreError {
  readonly kind: ErrorKind;
  /** The known missing rights of a `denied` error. */
  readonly missingRights: readonly Right[];

  constructor(message: string, kind: ErrorKind, options: StoreErrorOptions, missingRights: readonly Right[] = []) {
    super(message, options);
    this.kind = kind;
    this.missingRights = missingRights;
  }
}

export interface FailedOperation {
  readonly operation: string;
  readonly error: unknown;
  readonly kind: ErrorKind;
  readonly missingRights: readonly Right[];
  /** How long the operation took, and the limit for an answer. Milliseconds. */
  readonly waited: number;
  readonly timeout: number;
}

/** Creates the error of an operation on an open database, without the password and with all missing rights. */
export function describeFailure(dialect: SqlDialect, failed: FailedOperation): DatabaseError {
  const { operation, error, kind, missingRights, timeout } = failed;
  const { name, location, mask, user, file } = dialect;
  if (file) {
    const text = `${operation}: ${location}: ${file.describe(error, failed.waited)}`;
    return new DatabaseError(text, kind, { cause: error });
  }
  const isLate = kind === 'connection-lost' && error instanceof Error && /timeout|ETIMEDOUT/.test(error.message);
  const reason = isLate ? `no answer in ${timeout} ms` : mask(describeError(error));
  const unreachable = kind === 'connection-lost' ? { server: name, reason } : null;
  const text = unreachable
    ? isLate
      ? `${name} did not answer in ${timeout} ms`
      : `no connection to ${name}: ${reason}`
    : `${name} refused: ${describeUser(dialect, missingRights)}${reason}`;
  const grants = user === null ? [] : grantStatements(missingRights, user);
  const hint = grants.length === 0 ? '' : `; to grant: ${grants.join('; ')}`;
  const message = `${operation}: ${text} (${location})${hint}`;
  return new DatabaseError(message, kind, { cause: error, unreachable }, missingRights);
}

/** `user "beat" lacks INSERT on beat_entry: `, or nothing without missing rights. */
function describeUser({ user }: SqlDialect, missingRights: readonly Right[]): string {
  if (missingRights.length === 0) return '';
  const who = user === null ? 'this user' : `user ${JSON.stringify(user)}`;
  return `${who} lacks ${missingRights.map(({ action, object }) => `${action} on ${object}`).join(', ')}: `;
}

/** A host with several addresses has an error for each. */
function describeError(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** Why a reachable database rejects a message or state as it is; `null` for any other error. */
export function rejectionReason(error: unknown): string | null {
  if (!(error instanceof DatabaseError)) return null;
  const { kind, missingRights, message } = error;
  // A right to a table that all entries need says nothing about one message.
  const isRejected = kind === 'invalid-data' || (kind === 'denied' && concernsOnlySomeEntries(missingRights));
  return isRejected ? message : null;
}
