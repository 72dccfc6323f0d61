import { html } from 'hono/html';
import { describeSkipReason } from '../../celery/message/skip-reasons.ts';
import type { Account, AccountedOccurrence } from '../../read-models/history/account.ts';
import { whyPath } from './entry-path.ts';
import { describeRun, formatInstant, type Mark } from './format.ts';
import type { Html } from './layout.ts';

/** Signs that every strip explains; a strip explains other signs only if it contains them. */
const LEGEND = ['✓ succeeded', '✕ failed', '• published without a known result', '– skipped'];
const MORE = {
  waiting: '… due and not yet dealt with',
  unknown: '? before the history',
  unaccounted: '! not accounted for',
  twice: '2 published twice',
} as const;

/** A cell per occurrence, oldest first, with what became of it and a link to the page that explains it. */
export function occurrenceStrip(entry: string, occurrences: readonly AccountedOccurrence[], zone: string): Html {
  const cells = occurrences.map(({ dueAt, account }) => ({ dueAt, ...summarize(account) }));
  const more = Object.entries(MORE)
    .filter(([kind]) => cells.some((cell) => cell.kind === kind))
    .map(([, text]) => text);
  return html`<h2>Last ${cells.length} occurrences, oldest first</h2>
    <ol class="strip">
      ${cells.map(({ dueAt, kind, sign, words }) => {
        const text = `${formatInstant(dueAt, zone)}: ${words}`;
        return html`<li class="${kind}">
          <a href="${whyPath(entry, dueAt)}" title="${text}"
            ><span aria-hidden="true">${sign}</span><span class="visually-hidden">${text}</span></a
          >
        </li>`;
      })}
    </ol>
    <p class="small muted legend">${[...LEGEND, ...more].join(', ')}.</p>`;
}

/** What became of an occurrence, in a sign and a few words. */
export function summarize(account: Account): Mark {
  switch (account.kind) {
    case 'published':
      return describeRun(account.run);
    case 'published-twice':
      return { kind: 'twice', sign: '2', words: `published ${account.runs.length} times` };
    case 'skipped':
      return { kind: 'skipped', sign: '–', words: `skipped: ${describeSkipReason(account.reason)}` };
    case 'not-yet-due':
      return { kind: 'waiting', sign: '…', words: 'not yet due' };
    case 'waiting':
      return { kind: 'waiting', sign: '…', words: 'due, and not yet dealt with' };
    case 'before-history':
      return { kind: 'unknown', sign: '?', words: 'unknown: the history begins later' };
    case 'unaccounted':
      return { kind: 'unaccounted', sign: '!', words: 'not accounted for' };
  }
}

export interface Bar {
  readonly value: number | null;
  readonly kind: 'run' | 'run failed';
  readonly title: string;
}

/** A bar per run, oldest first. A run without a value has a short outline. */
export function runChart(title: string, given: readonly Bar[], format: (value: number) => string): Html {
  const known = given.flatMap(({ value }) => value ?? []);
  const most = Math.max(1, ...known);
  const words =
    known.length === 0
      ? `${title}: not known for these runs`
      : `${title} of ${given.length} runs: at most ${format(most)}, at last ${format(known.at(-1)!)}`;
  const width = 12;
  return html`<figure class="chart history">
    <h2>${title}${known.length > 0 ? html` <span class="small">up to ${format(most)}</span>` : ''}</h2>
    <svg
      viewBox="0 0 ${Math.max(given.length, 40) * width} 120"
      preserveAspectRatio="none"
      role="img"
      aria-label="${words}"
    >
      ${given.map(({ value, kind, title: text }, i) => {
        const height = value === null ? 2 : Math.max(2, (value / most) * 116);
        return html`<rect
          class="${value === null ? 'gap' : kind}"
          x="${i * width + 1}"
          y="${120 - height}"
          width="${width - 2}"
          height="${height}"
          ><title>${text}</title></rect
        >`;
      })}
    </svg>
  </figure>`;
}
