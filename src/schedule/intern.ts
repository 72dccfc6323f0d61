/**
 * Returns a function that shares one object per key, held by weak references. A hundred thousand entries with
 * equal schedules share one schedule object and its cached answers.
 */
export function interner<T extends object>(): (key: string, make: () => T) => T {
  const known = new Map<string, WeakRef<T>>();
  const forget = new FinalizationRegistry<string>((key) => {
    // A new object may have been stored under the same key since.
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return (key, make) => {
    const old = known.get(key)?.deref();
    if (old !== undefined) return old;
    const made = make();
    known.set(key, new WeakRef(made));
    forget.register(made, key);
    return made;
  };
}
