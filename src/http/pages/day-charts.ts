import { html } from 'hono/html';
import { COUNTERS, type MinuteCounts } from '../../contracts/store/minutes.ts';
import { MINUTES, type UpcomingDay } from '../../read-models/status/upcoming-day.ts';
import { thousands } from '../../util/thousands.ts';
import { sumDay, type PastDay } from '../day-counts.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';
import { table } from './table.ts';

const MINUTE = 60_000;
/** The height of the bars. In the lane below them, each minute with a failure has a mark, however many runs it has. */
const HEIGHT = 100;
const LANE = 18;
/** The width of a bar in minutes: a little more than one, so that a single run can be seen. */
const WIDTH = 2.4;
/** The least height of a bar, as a share. */
const LEAST = 0.04;
const MARK = 5;

/** The last 24 hours and the next beside each other: one bar per minute. */
export function dayCharts(past: PastDay | null, upcoming: UpcomingDay | null, declared: number, zone: string): Html {
  return html`<div class="days">
    ${past && pastChart(past, zone)}
    ${
      upcoming === null
        ? html`<div>
            <h2>Next 24 hours</h2>
            <p class="muted">The runs of the next 24 hours are being counted.</p>
          </div>`
        : upcomingChart(upcoming, declared, zone)
    }
  </div>`;
}

/** What became of the occurrences of the last 24 hours. */
function pastChart(day: PastDay, zone: string): Html {
  const minutes = day.minutes.map((counts) => ({
    ...counts,
    minute: Math.floor((counts.at - day.from) / MINUTE),
    published: Math.max(counts.published, counts.succeeded + counts.failed),
  }));
  const most = Math.max(0, ...minutes.map(({ published, skipped }) => published + skipped));
  const words = describePast(day);
  const runs = minutes.map(({ minute, published }) => bar(minute, 0, published / most));
  const skipped = minutes.map(({ minute, published, skipped: count }) => bar(minute, published / most, count / most));
  const failed = minutes
    .filter(({ failed: count }) => count > 0)
    .map(({ minute }) => `M${minute - 1} ${HEIGHT + 5}h${MARK}V${HEIGHT + LANE}h-${MARK}z`);
  return html`<figure class="chart">
    <h2>Last 24 hours${peak(most)}</h2>
    ${svg(words, html`<path class="run" d="${runs.join('')}" /><path class="gap" d="${skipped.join('')}" /><path class="run failed" d="${failed.join('')}" />`)}
    ${axis(day.from, zone)}
    <figcaption class="small muted">
      <span class="key run">run</span> <span class="key failed">failed</span>
      <span class="key gap">skipped</span> ${words}
    </figcaption>
    ${day.minutes.length > 0 && hourTable(day, zone)}
  </figure>`;
}

function describePast(day: PastDay): string {
  const { published, skipped, succeeded, failed } = sumDay(day);
  if (published + skipped + succeeded + failed === 0) return 'Nothing was due.';
  const parts = [
    countRuns(Math.max(published, succeeded + failed)),
    ...(succeeded + failed === 0 ? [] : [`${thousands(succeeded)} succeeded`, `${thousands(failed)} failed`]),
    ...(skipped === 0 ? [] : [`${thousands(skipped)} skipped`]),
  ];
  return `${parts.join(', ')}.`;
}

/** The runs of the coming 24 hours. */
function upcomingChart(day: UpcomingDay, declared: number, zone: string): Html {
  const most = Math.max(0, ...day.counts);
  const words = describeUpcoming(day, declared, zone);
  const bars = day.counts.map((count, minute) => bar(minute, 0, count / most));
  return html`<figure class="chart">
    <h2>Next 24 hours${peak(most)}</h2>
    ${svg(words, html`<path class="due" d="${bars.join('')}" />`)} ${axis(day.from, zone)}
    <figcaption class="small muted">${words} Times in ${zone}.</figcaption>
  </figure>`;
}

function describeUpcoming(day: UpcomingDay, declared: number, zone: string): string {
  const sum = day.counts.reduce((all, count) => all + count, 0);
  const most = Math.max(0, ...day.counts);
  const busiest = formatClock(day.from + day.counts.indexOf(most) * MINUTE, zone);
  const part = day.entries < declared ? ` of the first ${thousands(day.entries)} entries` : '';
  const { entries, runsPerMinute } = day.frequent;
  const who = entries === 1 ? '1 entry that runs' : `${thousands(entries)} entries that run`;
  return [
    sum === 0
      ? 'No run is due.'
      : `${countRuns(sum)}${part}; at most ${thousands(most)} in a minute, first at ${busiest}.`,
    ...(entries === 0
      ? []
      : [`Not shown: ${who} every minute or more often, ${countRuns(Math.round(runsPerMinute))} a minute.`]),
  ].join(' ');
}

function countRuns(count: number): string {
  return count === 1 ? '1 run' : `${thousands(count)} runs`;
}

function peak(most: number): Html | string {
  if (most === 0) return '';
  return html` <span class="small">up to ${thousands(most)} a minute</span>`;
}

function svg(words: string, paths: Html): Html {
  return html`<svg
    viewBox="0 0 ${MINUTES} ${HEIGHT + LANE}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${words}"
  >
    <path class="base" d="M0 ${HEIGHT}h${MINUTES}" vector-effect="non-scaling-stroke" />
    ${paths}
  </svg>`;
}

function axis(from: number, zone: string): Html {
  return html`<div class="axis" aria-hidden="true">
    ${[0, 360, 720, 1_080, 1_440].map((minute) => html`<span>${formatClock(from + minute * MINUTE, zone)}</span>`)}
  </div>`;
}

/** The path of a bar from `begin` to `begin + share` of the height; empty unless the share is positive. */
function bar(minute: number, begin: number, share: number): string {
  if (!(share > 0)) return '';
  const round = (value: number) => Math.round(value * 100) / 100;
  const bottom = round(HEIGHT * (1 - begin));
  return `M${minute} ${bottom}V${round(Math.max(0, bottom - HEIGHT * Math.max(LEAST, share)))}h${WIDTH}V${bottom}z`;
}

function formatClock(at: number, zone: string): string {
  return formatInstant(at, zone).slice(11, 16);
}

/** The numbers of the chart as a table: a row for each hour with an occurrence, newest first. */
function hourTable({ minutes }: PastDay, zone: string): Html {
  const hours = Map.groupBy(minutes, ({ at }) => formatInstant(at, zone).slice(0, 13));
  return html`<details id="hours">
    <summary class="small">By hour</summary>
    <div class="scroll">
      ${table(
        'dense',
        [`Hour (${zone})`, ...COUNTERS.map((number) => ({ number }))],
        [...hours].toReversed().map(([hour, counts]) => line(`${hour}:00`, counts)),
      )}
    </div>
  </details>`;
}

function line(hour: string, minutes: readonly MinuteCounts[]): Html {
  return html`<tr>
    <th scope="row">${hour}</th>
    ${COUNTERS.map((name) => {
      const sum = minutes.reduce((all, counts) => all + counts[name], 0);
      return html`<td class="number">${sum === 0 ? '–' : thousands(sum)}</td>`;
    })}
  </tr>`;
}
