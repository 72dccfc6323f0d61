/** What an instance answers to a health check. */
export interface Health {
  readonly pid: number;
  readonly advancing: boolean;
  /** Milliseconds since the loop last made progress; `null` when the instance did not answer. */
  readonly silence: number | null;
  /** Entries that the instance cannot schedule, since their records cannot be read: the first of them. */
  readonly heldUp?: readonly string[];
}

/**
 * Reads the answer of the process with that number; `null` for anything else. Only what is known is taken
 * over, so that what is printed later is a number, a boolean or an escaped name.
 */
export function parseHealth(text: string, pid: number): Health | null {
  const answer = asMap(text);
  if (answer?.['pid'] !== pid) return null;
  const { advancing, silence = null, heldUp } = answer;
  if (typeof advancing !== 'boolean') return null;
  if (silence !== null && typeof silence !== 'number') return null;
  const names = Array.isArray(heldUp)
    ? heldUp.filter((name) => typeof name === 'string')
    : undefined;
  return { pid, advancing, silence, ...(names && { heldUp: names }) };
}

function asMap(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
