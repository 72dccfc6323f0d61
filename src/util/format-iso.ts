/** An instant (epoch milliseconds) in ISO 8601, UTC: the form of every public instant. */
export function formatIso(at: number): string {
  return new Date(at).toISOString();
}

/** Formats an instant that may be absent: `null`, or `Infinity` for never. */
export function formatIsoOrNull(at: number | null): string | null {
  return at === null || !Number.isFinite(at) ? null : formatIso(at);
}
