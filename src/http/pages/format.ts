import { html } from 'hono/html';
import { describeSkipReason } from '../../celery/message/skip-reasons.ts';
import type { ReadableItem } from '../../read-models/history/join-runs.ts';
import type { EntryStatus, Outcome, StatusRow } from '../../read-models/status/shapes.ts';
import { formatSpan, formatDuration } from '../../util/format-duration.ts';
import type { Html } from './layout.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone in which the instants of an entry are shown: its own, else the zone of the configuration. */
export function zoneOf(row: StatusRow, timezone: string): string {
  return (row.error === undefined ? row.timezone : null) ?? timezone;
}

/** `2026-11-23 03:00:00` in that zone; the page shows the zone beside it. */
export function formatInstant(at: number, zone: string): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZone: zone,
    });
    formats.set(zone, format);
  }
  return format.format(at);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `07:00:00` for an instant of the same day as `now` in that zone, else `22 Nov, 07:00`. */
export function formatNear(at: number, now: number, zone: string): string {
  const [day = '', time = ''] = formatInstant(at, zone).split(' ');
  if (formatInstant(now, zone).startsWith(day)) return time;
  return `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]}, ${time.slice(0, 5)}`;
}

/** `in 3 h 12 min`, `now`, `4 s ago`. The script of the pages does the same. */
function describeDistance(ms: number): string {
  if (Math.abs(ms) < 1_000) return 'now';
  return ms > 0 ? `in ${formatSpan(ms)}` : `${formatSpan(-ms)} ago`;
}

/** `in 3 h 12 min`, with the instant below; the script of the pages keeps it current. */
export function relative(iso: string, now: number, zone: string): Html {
  const at = Date.parse(iso);
  return html`<time datetime="${iso}" data-relative>${describeDistance(at - now)}</time
    ><span class="muted" title="${formatInstant(at, zone)}">${formatNear(at, now, zone)}</span>`;
}

export interface Mark {
  readonly kind: string;
  readonly sign: string;
  readonly words: string;
}

export function describeRun(item: ReadableItem): Mark {
  const skipped = (reason: string) => ({ kind: 'skipped', sign: '–', words: `skipped (${reason})` });
  if (item.kind === 'skip') return skipped(item.reason);
  const { outcome, withdrawn } = item;
  if (withdrawn) return skipped(withdrawn.reason);
  return outcome ? describeOutcome(outcome.state) : { kind: 'published', sign: '•', words: 'published' };
}

/** How a task with this state ended. */
export function describeOutcome(state: string): Mark {
  if (state === 'SUCCESS') return { kind: 'succeeded', sign: '✓', words: 'succeeded' };
  const words = state === 'FAILURE' ? 'failed' : state.toLowerCase();
  return { kind: 'failed', sign: '✕', words };
}

/** How a task ended: with its runtime (milliseconds), its worker, further details, and its error. */
export function showOutcome(
  { state, runtimeMs, worker, error }: Omit<Outcome, 'doneAt'>,
  more: readonly string[],
): Html {
  const { kind, sign, words } = describeOutcome(state);
  const details = [
    ...(runtimeMs === null ? [] : [`in ${formatDuration(runtimeMs)}`]),
    ...(worker === null ? [] : [`on ${worker}`]),
    ...more,
  ];
  return html`<span class="outcome ${kind}">${sign} ${words}</span
    ><span class="muted">${details.join(', ')}</span>
    ${error !== null && html`<div class="reason">${error.slice(0, 1_000)}</div>`}`;
}

/** The state of an entry as a sign with a word. */
export function stateBadge(row: StatusRow): Html {
  const [kind, word] = describeState(row);
  return html`<span class="badge ${kind}">${word}</span>`;
}

function describeState(row: StatusRow): readonly [kind: string, word: string] {
  if (row.error !== undefined) return ['bad', 'blocked'];
  if (!row.enabled) return ['quiet', 'disabled'];
  if (row.paused) return ['warn', 'paused'];
  return row.nextDueAt === null ? ['quiet', 'ended'] : ['good', 'active'];
}

/** Why the entry is in its state: one sentence per reason. Instants are in the zone. */
export function explainState(row: StatusRow, zone: string): readonly string[] {
  if (row.error !== undefined) return [`It does not run: ${row.error}.`];
  const { enabled, paused, skipping, lastSkipped, nextDueAt } = row;
  const at = (iso: string) => `${formatInstant(Date.parse(iso), zone)} ${zone}`;
  const sentences: string[] = [];
  if (!enabled) sentences.push('The configuration disables it (enabled: false).');
  else if (paused) sentences.push(explainPause(paused, at));
  else if (nextDueAt === null) sentences.push('Its schedule has no further occurrence.');
  else sentences.push('It runs on schedule.');
  if (skipping.length > 0) sentences.push(`Occurrences to come that are skipped: ${skipping.map(at).join(', ')}.`);
  if (lastSkipped) {
    const reason = describeSkipReason(lastSkipped.reason);
    sentences.push(`The occurrence of ${at(lastSkipped.dueAt)} was skipped: ${reason}.`);
  }
  return sentences;
}

function explainPause({ since, until, reason, by }: NonNullable<EntryStatus['paused']>, at: (iso: string) => string) {
  const who = by === '' ? 'It was paused' : `${by} paused it`;
  const why = reason === null ? 'without a reason' : `with the reason “${reason}”`;
  const end = until === null ? 'until it is resumed' : `until ${at(until)}`;
  return `${who} on ${at(since)}, ${why}. Its occurrences are skipped ${end}, and not caught up.`;
}
