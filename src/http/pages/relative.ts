import { html } from 'hono/html';
import { formatSpan } from '../../util/format-duration.ts';
import { formatInstant, formatNear } from './format.ts';
import type { Html } from './layout.ts';

/** `in 3 h 12 min`, `now`, `4 s ago`. The script of the pages does the same. */
function describeDistance(ms: number): string {
  if (Math.abs(ms) < 1_000) return 'now';
  return ms > 0 ? `in ${formatSpan(ms)}` : `${formatSpan(-ms)} ago`;
}

/** `in 3 h 12 min`, with the instant below; the script of the pages keeps it current. */
export function relative(iso: string, now: number, zone: string): Html {
  const at = Date.parse(iso);
  const text = describeDistance(at - now);
  return html`<time datetime="${iso}" data-relative>${text}</time
    ><span class="muted" title="${formatInstant(at, zone)}">${formatNear(at, now, zone)}</span>`;
}
