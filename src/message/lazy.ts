/** What is known of an occurrence when its arguments are worked out. */
export interface LazyContext {
  /** The entry's name. */
  readonly entry: string;
  /** The nominal instant, not the moment of sending: a run that is late asks for the same as one in time. */
  readonly dueAt: Date;
  readonly taskId: string;
}

/** By name rather than by class: a config file may come with a copy of beat's own. */
const LAZY: unique symbol = Symbol.for('beat.lazy');

/** A value that is worked out for each occurrence. */
export interface Lazy<T> {
  readonly [LAZY]: true;
  readonly compute: (context: LazyContext) => T;
}

/**
 * An argument, or all of them, worked out once for each occurrence, when it is sent. It may stand for
 * `args`, for `kwargs`, and at any depth inside them. The function must not take long, and answers at
 * once: beat sends nothing else meanwhile. An occurrence whose function throws is told of and tried again.
 *
 *     args: lazy(({ dueAt }) => [dueAt.toISOString().slice(0, 10)])
 */
export function lazy<T>(compute: (context: LazyContext) => T): Lazy<T> {
  return Object.freeze({ [LAZY]: true as const, compute });
}

export function isLazy(value: unknown): value is Lazy<unknown> {
  return typeof value === 'object' && value !== null && LAZY in value;
}
