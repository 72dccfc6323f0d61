/** A value as an error message shows it: texts in quotes, so that `"5"` is seen not to be 5. */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
