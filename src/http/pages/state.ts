import { html } from 'hono/html';
import { describeSkipReason } from '../../celery/message/skip-reasons.ts';
import type { EntryStatus, StatusRow } from '../../read-models/status/shapes.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';

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
  if (skipping.length > 0) {
    sentences.push(`Occurrences to come that are skipped: ${skipping.map(at).join(', ')}.`);
  }
  if (lastSkipped) {
    const reason = describeSkipReason(lastSkipped.reason);
    sentences.push(`The occurrence of ${at(lastSkipped.dueAt)} was skipped: ${reason}.`);
  }
  return sentences;
}

function explainPause(
  { since, until, reason, by }: NonNullable<EntryStatus['paused']>,
  at: (iso: string) => string,
): string {
  const who = by === '' ? 'It was paused' : `${by} paused it`;
  const why = reason === null ? 'without a reason' : `with the reason “${reason}”`;
  const end = until === null ? 'until it is resumed' : `until ${at(until)}`;
  return `${who} on ${at(since)}, ${why}. Its occurrences are skipped ${end}, and not caught up.`;
}
