import type { SkipReason } from '../catalog/catch-up.ts';

const REASONS: Readonly<Record<SkipReason, string>> = {
  coalesced: "a newer run replaced it (missed: 'once')",
  missed: "it was missed, and the entry has missed: 'skip'",
  deadline: 'it was later than the startingDeadline of the entry',
  'catch-up-limit': 'more were missed than maxCatchUp',
  expired: 'its message expired while the broker rejected it',
  'no-subscribers': 'its fanout exchange had no subscribers',
  paused: 'the entry was paused',
  skipped: 'a command asked for it',
  overlap:
    'runs of the entry must not overlap, and another was running or took its place (overlap)',
};

const TEXTS: ReadonlyMap<string, string> = new Map(Object.entries(REASONS));

/** Says why an occurrence was skipped, as the end of a sentence. A newer version may know more reasons. */
export function describeSkipReason(reason: string): string {
  return TEXTS.get(reason) ?? reason;
}
