const LONGEST = 60;

/** A value as an error message shows it: texts in quotes, so that `"5"` is seen not to be 5, and cut. */
export function show(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(cut(value));
}

/** Text as an error message shows it without quotes. */
export function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
