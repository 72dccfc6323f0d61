/**
 * One object for each key, as long as somebody holds it: a hundred thousand entries with one schedule
 * between them keep one schedule, and a process that makes and drops schedules all day does not grow.
 */
export function interner<T extends object>(): (key: string, make: () => T) => T {
  const known = new Map<string, WeakRef<T>>();
  const forget = new FinalizationRegistry<string>((key) => {
    // Under the same key a new object may stand by now.
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
