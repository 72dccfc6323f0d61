import { html } from 'hono/html';
import type { EntryStatus, StatusPage, StatusRow } from '../../read-models/status/shapes.ts';
import type { StatusQuery } from '../../read-models/status/status-page.ts';
import type { UpcomingDay } from '../../read-models/status/upcoming-day.ts';
import type { PastDay } from '../day-counts.ts';
import { thousands } from '../../util/thousands.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { dayCharts } from './day-charts.ts';
import { entryPath } from './entry-path.ts';
import { formatNear, zoneOf, describeOutcome, relative, stateBadge } from './format.ts';
import { type Frame, layout, type Html } from './layout.ts';
import { table } from './table.ts';

export function entriesPage(
  frame: Frame,
  query: StatusQuery,
  page: StatusPage,
  { past, upcoming }: { readonly past: PastDay | null; readonly upcoming: UpcomingDay | null },
): Html {
  const { declared, entries } = page;
  const { search, after, limit } = query;
  // The names of the entries could be too long for the query of `/api/events`.
  const events = new URLSearchParams({ search, limit: String(limit), ...(after !== null && { after }) }).toString();
  return layout(
    'Entries',
    html`<div class="row title">
        <h1>Entries</h1>
        <span class="muted">${thousands(declared)} in the configuration</span>
        <form class="search end" role="search" action="/">
          <label class="visually-hidden" for="search">Search entries and tasks</label>
          <input id="search" name="search" type="search" value="${search}" placeholder="Search entries and tasks" />
          <button>Search</button>
        </form>
        ${frame.mayChange && html`<a class="button primary" href="/add">Add entry</a>`}
      </div>
      <section class="panel" id="day" data-live aria-label="Runs of two days">
        ${dayCharts(past, upcoming, declared, frame.zone)}
      </section>
      <section class="panel table" id="entries" data-live data-events="${events}" aria-label="Entries">
        ${entries.length === 0 ? nothing(query, page) : entryTable(entries, frame)}
      </section>
      ${pager(query, page)}`,
    frame,
  );
}

function nothing({ search, after }: StatusQuery, { next }: StatusPage): Html {
  if (search === '' && after === null) return html`<p class="panel muted">There are no entries yet.</p>`;
  const what =
    after === null && next === null
      ? `No entry is found by “${search}”. Stored entries are found by their names alone.`
      : next === null
        ? 'There are no more entries.'
        : 'Nothing was found in this part.';
  return html`<p class="panel muted">${what} <a href="/">Show all</a></p>`;
}

function entryTable(entries: readonly StatusRow[], { zone, now }: Frame): Html {
  return table(
    'stack entries',
    ['Entry', 'Schedule', 'State', 'Last run', 'Last outcome', 'Next run'],
    entries.map((row) => line(row, zoneOf(row, zone), now)),
  );
}

function line(row: StatusRow, zone: string, now: number): Html {
  const name = html`<a class="name" href="${entryPath(row.entry)}">${row.entry}</a>`;
  if (row.error !== undefined) {
    return html`<tr data-entry="${row.entry}">
      <td data-label="Entry">${name}</td>
      <td data-label="Problem" colspan="5"><div>${stateBadge(row)} ${row.error}</div></td>
    </tr>`;
  }
  const time = (iso: string | null, none: string) =>
    iso === null ? html`<span class="muted">${none}</span>` : relative(iso, now, zone);
  const reason = row.paused?.reason;
  return html`<tr data-entry="${row.entry}">
    <td data-label="Entry">
      ${name}
      <span class="muted"
        >${row.task}${row.source === 'store' ? ' · stored' : ''}${row.description === undefined ? '' : ` · ${row.description}`}</span
      >
    </td>
    <td data-label="Schedule">
      <div>${row.schedule}<span class="muted">${row.timezone ?? ''}</span></div>
    </td>
    <td data-label="State">
      <div>
        ${stateBadge(row)}${reason ? html`<span class="muted">${reason}</span>` : ''}${toBeSkipped(row, zone, now)}
      </div>
    </td>
    <td data-label="Last run" class="time"><div>${time(row.lastSentAt, 'never')}</div></td>
    <td data-label="Last outcome">${lastOutcome(row, zone, now)}</td>
    <td data-label="Next run" class="time"><div>${time(row.nextDueAt, 'none')}</div></td>
  </tr>`;
}

function toBeSkipped({ skipping }: EntryStatus, zone: string, now: number): Html | string {
  if (skipping.length === 0) return '';
  const [first] = skipping;
  const more = skipping.length > 1 ? ` and ${thousands(skipping.length - 1)} more` : '';
  return html`<span class="muted">skips the run of ${formatNear(Date.parse(first!), now, zone)}${more}</span>`;
}

/** The outcome of the last run, or of an earlier run while the last is not known to have ended. */
function lastOutcome({ lastOutcome: last, lastTaskId }: EntryStatus, zone: string, now: number): Html | string {
  if (!last) return '';
  const { kind, sign, words } = describeOutcome(last.state);
  const details = [
    ...(last.runtimeMs === null ? [] : [`in ${formatDuration(last.runtimeMs)}`]),
    ...(last.taskId === lastTaskId ? [] : [`the run of ${formatNear(Date.parse(last.dueAt), now, zone)}`]),
  ];
  return html`<div>
    <span class="outcome ${kind}">${sign} ${words}</span>
    ${details.length > 0 && html`<span class="muted">${details.join(', ')}</span>`}
    ${last.error !== null && html`<span class="muted clip" title="${last.error}">${last.error}</span>`}
  </div>`;
}

function pager({ search, after }: StatusQuery, { next, searched }: StatusPage): Html | string {
  if (next === null && after === null) return '';
  const to = (parameters: Record<string, string>) =>
    `/?${new URLSearchParams({ ...(search !== '' && { search }), ...parameters }).toString()}`;
  const label = searched === null ? 'Next page' : 'Continue the search';
  return html`<nav class="row" aria-label="Pages of entries">
    ${after !== null && html`<a class="button" href="${to({})}">First page</a>`}
    ${next !== null && html`<a class="button" href="${to({ after: next })}">${label}</a>`}
    ${searched !== null && html`<span class="muted">${thousands(searched)} stored entries searched</span>`}
  </nav>`;
}
