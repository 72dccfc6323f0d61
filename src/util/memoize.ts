const MAX_SIZE = 5_000;

/** Returns the cached value of a key, or computes and caches it. */
export type Memoized<T> = (key: string, compute: () => T) => T;

/** Creates a cache of values computed from text, which is cleared when it is full, so that it cannot grow. */
export function memoize<T>(): Memoized<T> {
  const cache = new Map<string, T>();
  return (key, compute) => {
    let value = cache.get(key);
    if (value === undefined) {
      value = compute();
      if (cache.size === MAX_SIZE) cache.clear();
      cache.set(key, value);
    }
    return value;
  };
}
