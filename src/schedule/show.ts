const LONGEST = 60;

/** A value as an error message shows it: texts in quotes, so that `"5"` is seen not to be 5, and cut. */
export function show(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
}
