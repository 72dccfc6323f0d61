import type { TraceLine } from './trace.ts';

/** Calls that repeat all the time: a timeline has the first and the last of each stretch. */
const FREQUENT = /^(lock\.(acquire|renew)|results\.read|commands\.findAudit|entries\.page)$/;

/** The most lines that are printed, the last ones. */
const MOST_LINES = 400;

/** Formats what happened, for a person: when, who, and what, without the repeated calls between two events. */
export function formatTimeline(lines: readonly TraceLine[]): string {
  const shown = lines.filter((line, i) => !isRepeated(lines, line, i)).slice(-MOST_LINES);
  const width = Math.max(...shown.map(({ who }) => who.length), 0);
  const left = lines.length - shown.length;
  const head = left > 0 ? [`(${left} earlier or repeated lines are left out)`] : [];
  return [...head, ...shown.map(({ at, who, text }) => `${formatTime(at)}  ${who.padEnd(width)}  ${text}`)].join('\n');
}

function isRepeated(lines: readonly TraceLine[], { who, text }: TraceLine, at: number): boolean {
  if (!FREQUENT.test(text)) return false;
  for (let i = at - 1; i >= Math.max(0, at - 20); i--) {
    const before = lines[i]!;
    if (before.who === who) return before.text === text;
  }
  return false;
}

/** Simulated time as `h:mm:ss.mmm`. */
function formatTime(ms: number): string {
  const rounded = Math.floor(ms);
  const pad = (value: number, length: number) => String(value).padStart(length, '0');
  const [hours, minutes, seconds] = [rounded / 3_600_000, (rounded / 60_000) % 60, (rounded / 1_000) % 60].map(
    Math.floor,
  );
  return `${hours}:${pad(minutes!, 2)}:${pad(seconds!, 2)}.${pad(rounded % 1_000, 3)}`;
}
