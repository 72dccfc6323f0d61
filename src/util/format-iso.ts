/** An instant (epoch milliseconds) in ISO 8601, UTC: the form of every public instant. */
export function formatIso(at: number): string {
  // Many entries are due at one instant.
  if (at !== last) [last, lastText] = [at, new Date(at).toISOString()];
  return lastText;
}

let last = NaN;
let lastText = '';

/** Formats an instant that may be absent: `null`, or `Infinity` for never. */
export function formatIsoOrNull(at: number | null): string | null {
  return at === null || !Number.isFinite(at) ? null : formatIso(at);
}
