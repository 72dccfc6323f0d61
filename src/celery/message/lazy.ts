import type { Arguments } from './message.ts';

/** The occurrence whose arguments are computed. */
export interface LazyContext {
  /** The entry's name. */
  readonly entry: string;
  /** The nominal instant, not the time of publishing, so that a late run gets the same arguments. */
  readonly dueAt: Date;
  readonly taskId: string;
}

/** Computes arguments from the occurrence. Throws a `BeatError` if a function fails or returns invalid arguments. */
export interface ComputeArguments {
  (context: LazyContext): Arguments;
  /** Equal for functions that compute the same from equal `args` and `kwargs`; absent for a user's function. */
  readonly spec?: string | undefined;
}

/** A registered symbol, because a configuration module may import another copy of beat. */
const LAZY: unique symbol = Symbol.for('beat.lazy');

/** A value that is computed for each occurrence. */
export interface Lazy<T> {
  readonly [LAZY]: true;
  readonly compute: (context: LazyContext) => T;
}

/**
 * An argument that is computed once per occurrence, when its message is created. Allowed as `args`, as `kwargs`,
 * and at any depth inside them. The function must be fast and synchronous, because it blocks publishing. If it
 * throws, beat logs the error and tries the occurrence again.
 *
 *     args: lazy(({ dueAt }) => [dueAt.toISOString().slice(0, 10)])
 */
export function lazy<T>(compute: (context: LazyContext) => T): Lazy<T> {
  return Object.freeze({ [LAZY]: true as const, compute });
}

export function isLazy(value: unknown): value is Lazy<unknown> {
  return typeof value === 'object' && value !== null && LAZY in value;
}
