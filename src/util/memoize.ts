const MOST = 5_000;

/** What is known of a key, made now if it is not. */
export type Memo<T> = (key: string, make: () => T) => T;

/**
 * Remembers what was made of a text: ten thousand entries hold a few hundred different fields, and `*`
 * most of all. Starts afresh when it is full, so that it cannot grow for ever.
 */
export function memoize<T>(): Memo<T> {
  const known = new Map<string, T>();
  return (key, make) => {
    let made = known.get(key);
    if (made === undefined) {
      made = make();
      if (known.size === MOST) known.clear();
      known.set(key, made);
    }
    return made;
  };
}
