/** The answer of an instance to a health check. */
export interface Health {
  readonly pid: number;
  /** Whether the loop made progress in the last minute. */
  readonly alive: boolean;
  /** Milliseconds since the loop last made progress; `null` when the instance did not answer. */
  readonly idleMs: number | null;
  /** The first entries that the instance cannot schedule because their stored state is unreadable. */
  readonly blockedEntries?: readonly string[];
  /** Why the last reload failed, so that an earlier configuration is in force. */
  readonly reloadError?: string;
}

/**
 * Parses the answer of the process with that number; `null` when it is invalid. Unknown fields are dropped:
 * what is printed later is a number, a boolean or an escaped name.
 */
export function parseHealth(text: string, pid: number): Health | null {
  const answer = asMap(text);
  if (answer?.['pid'] !== pid) return null;
  const { alive, idleMs = null, blockedEntries, reloadError } = answer;
  if (typeof alive !== 'boolean') return null;
  if (idleMs !== null && typeof idleMs !== 'number') return null;
  const names = Array.isArray(blockedEntries)
    ? blockedEntries.filter((name) => typeof name === 'string')
    : undefined;
  return {
    ...{ pid, alive, idleMs },
    ...(names && { blockedEntries: names }),
    ...(typeof reloadError === 'string' && { reloadError }),
  };
}

function asMap(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
