/** Why an occurrence is not sent. The log, the pages, `beat why` and docs/events.md have these texts. */
export const SKIP_REASONS = {
  coalesced: "coalesced into a newer run (missed: 'once')",
  missed: "missed, and the entry skips missed runs (missed: 'skip')",
  deadline: 'past the starting deadline (startingDeadline)',
  'catch-up-limit': "over the catch-up limit of missed: 'all' (maxCatchUp)",
  expired: 'expired before the broker accepted the message',
  'no-subscribers': 'the fanout exchange had no subscribers, and the broker dropped the message',
  paused: 'the entry was paused',
  skipped: 'a command asked for it',
  overlap: 'runs of the entry must not overlap, and another run was running or newer (overlap)',
} as const;

export type SkipReason = keyof typeof SKIP_REASONS;

/** Describes a reason as the end of a sentence. Rows that a newer version wrote may have an unknown reason. */
export function describeSkipReason(reason: string): string {
  return Object.hasOwn(SKIP_REASONS, reason) ? SKIP_REASONS[reason as SkipReason] : reason;
}
