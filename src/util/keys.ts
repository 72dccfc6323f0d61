/** A map without these keys; the map itself if they are none. */
export function omit(map: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return keys.length === 0 ? map : Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** A map without the keys whose value is `undefined`. */
export function withoutAbsent<T extends object>(map: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(map).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
