import { errorAt, formatDiagnostics, type Diagnostic } from './diagnostic.ts';
import { maskText } from './mask.ts';

/** Base class of all errors that beat throws on purpose. `cause` is the underlying error, if any. */
export class BeatError extends Error {
  override name = 'BeatError';
}

/**
 * An invalid configuration, with every error found; its message lists the first fifty. The constructor masks
 * passwords in URLs, because messages quote values of the configuration.
 */
export class ConfigError extends BeatError {
  override name = 'ConfigError';
  readonly errors: readonly Diagnostic[];

  constructor(errors: readonly Diagnostic[] | string) {
    const given = typeof errors === 'string' ? [errorAt([], errors)] : errors;
    const masked = given.map((each) => ({ ...each, message: maskText(each.message) }));
    super(formatDiagnostics(masked));
    this.errors = masked;
  }
}

/** The errors of the `ConfigError` that a check throws, if any. Throws any other error. */
export function configErrors(check: () => unknown): readonly Diagnostic[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
}

/** Runs `read`, and changes each error of a `ConfigError` that it throws. */
export function withErrors<T>(read: () => T, change: (error: Diagnostic) => Diagnostic): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.errors.map(change)) : error;
  }
}

/** A server that rejected the connection or did not answer. */
export interface Unreachable {
  /** The product, such as `Redis`. */
  readonly server: string;
  /** Such as `connect ECONNREFUSED 127.0.0.1:6379`. */
  readonly reason: string;
}

export interface StoreErrorOptions extends ErrorOptions {
  readonly unreachable?: Unreachable | null;
}

/** A failed operation of a lock, ledger or broker; the message names the operation. */
export class StoreError extends BeatError {
  override name = 'StoreError';
  /** Set if the server is unreachable; `null` if it answered with an error. */
  readonly unreachable: Unreachable | null;

  constructor(message: string, { unreachable = null, ...options }: StoreErrorOptions = {}) {
    super(message, options);
    this.unreachable = unreachable;
  }
}

/** Returns the message of a thrown value, which may be of any type. Never throws. */
export function describeError(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown);
    const isPlain = thrown.name === 'Error' || thrown instanceof BeatError;
    return isPlain ? thrown.message : `${thrown.name}: ${thrown.message}`;
  } catch {
    return 'a value that cannot be converted to text';
  }
}
