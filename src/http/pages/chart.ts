import { html } from 'hono/html';
import { MINUTES, type UpcomingDay } from '../../status/upcoming-day.ts';
import { thousands } from '../../util/thousands.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';

const HEIGHT = 100;

/** The runs of the coming 24 hours: one bar per minute. */
export function dayChart(day: UpcomingDay | null, total: number, zone: string): Html {
  const title = html`<h2>Next 24 hours</h2>`;
  if (day === null)
    return html`${title}
      <p class="muted">The runs of the next 24 hours are being counted.</p>`;
  const most = Math.max(1, ...day.counts);
  const sum = day.counts.reduce((all, count) => all + count, 0);
  const busiest = day.from + day.counts.indexOf(most) * 60_000;
  const at = (minute: number) => formatInstant(day.from + minute * 60_000, zone).slice(11, 16);
  const left = day.entries < total ? ` of the first ${thousands(day.entries)} entries` : '';
  const words = [
    sum === 0
      ? 'No run is due.'
      : `${thousands(sum)} runs${left}; at most ${thousands(most)} in a minute, first at ${formatInstant(busiest, zone).slice(11, 16)}.`,
    describeFrequent(day.frequent),
  ].join(' ');
  return html`${title}
    <figure class="chart">
      <svg
        viewBox="0 0 ${MINUTES} ${HEIGHT}"
        preserveAspectRatio="none"
        role="img"
        aria-label="${words}"
      >
        <path class="bars" d="${bars(day.counts, most)}" />
      </svg>
      <div class="axis" aria-hidden="true">
        ${[0, 360, 720, 1_080, 1_440].map((minute) => html`<span>${at(minute)}</span>`)}
      </div>
      <figcaption class="small muted">${words} Times in ${zone}.</figcaption>
    </figure>`;
}

function describeFrequent({ entries, runsPerMinute }: UpcomingDay['frequent']): string {
  if (entries === 0) return '';
  const who = entries === 1 ? '1 entry that runs' : `${thousands(entries)} entries that run`;
  return `Not shown: ${who} every minute or more often, ${thousands(Math.round(runsPerMinute))} runs a minute.`;
}

/** Each minute is a unit wide; a bar is a little wider, so that a single run can be seen. */
function bars(counts: readonly number[], most: number): string {
  return counts
    .map((count, minute) => {
      if (count === 0) return '';
      const top = HEIGHT - Math.max(4, Math.round((count / most) * HEIGHT * 100) / 100);
      return `M${minute} ${HEIGHT}V${top}h1.6V${HEIGHT}z`;
    })
    .join('');
}

export interface Bar {
  readonly value: number | null;
  readonly kind: 'run' | 'run failed' | 'run waiting' | 'gap';
  readonly title: string;
}

/** A bar per run, oldest first. A run without a value has a short outline. */
export function runChart(
  title: string,
  given: readonly Bar[],
  format: (value: number) => string,
): Html {
  const known = given.flatMap(({ value }) => value ?? []);
  const most = Math.max(1, ...known);
  const words =
    known.length === 0
      ? `${title}: not known for these runs`
      : `${title} of ${given.length} runs: at most ${format(most)}, at last ${format(known.at(-1)!)}`;
  const width = 12;
  return html`<figure class="chart history">
    <h2>
      ${title}${known.length > 0 ? html` <span class="small">up to ${format(most)}</span>` : ''}
    </h2>
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
