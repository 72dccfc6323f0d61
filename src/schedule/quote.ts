const MAX_LENGTH = 60;

/** Formats a value for an error message; strings are quoted, so that `"5"` differs from 5, and truncated. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(truncate(value));
}

/** Truncates a string for an error message. */
export function truncate(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
