import type { Context } from 'hono';
import { html } from 'hono/html';
import { decodeAnswer } from '../../entries/commands/audit.ts';
import type { AuditRow } from '../../entries/commands/shapes.ts';
import { accountNewest } from '../../read-models/history/account.ts';
import { joinRuns, type HistoryItem, type ReadableItem, type RunHistory } from '../../read-models/history/join-runs.ts';
import { describeSkipReason } from '../../celery/message/skip-reasons.ts';
import type { LastOutcome } from '../../read-models/status/shapes.ts';
import { nextRuns, NO_RUNS } from '../../read-models/status/entry-status.ts';
import { findStatus } from '../../read-models/status/load-status.ts';
import { isReadable } from '../../contracts/store/unreadable.ts';
import { parseJson } from '../../util/decode/json.ts';
import { formatIso } from '../../util/format-iso.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import { thousands } from '../../util/thousands.ts';
import { formatDuration, formatSpan } from '../../util/format-duration.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { actions } from './entry-forms.ts';
import { runChart, type Bar, occurrenceStrip } from './run-charts.ts';
import { whyPath } from './entry-path.ts';
import {
  formatInstant,
  formatNear,
  describeRun,
  relative,
  explainState,
  stateBadge,
  showOutcome,
  zoneOf,
} from './format.ts';
import { layout, loadFrame, problems, type Html, type Problems } from './layout.ts';
import { scrollingTable, unreadableRow } from './table.ts';

const NEXT = 20;
/** How long the search for the next runs may take, milliseconds; after that, the page shows fewer. */
const NEXT_BUDGET = 500;
/** Occurrences on the page, and rows of the history: an occurrence has up to three. */
const OCCURRENCES = 60;
const HISTORY = 3 * OCCURRENCES + 20;
const SHOWN = 60;
/** The most runs in the table. */
const LISTED = 20;

/** Loads what the page of an entry shows; `null` if there is no such entry. Rejects with a `StoreError`. */
export async function loadEntryPage(context: HttpContext, c: Context<HttpEnv>, name: string) {
  const { store, clock } = context;
  const now = clock.now();
  const found = await findStatus(entrySource(context), name, now);
  const id = c.req.query('command');
  const [frame, history, answers, stored] = await Promise.all([
    loadFrame(context, c),
    // Read after the state: every occurrence that the state counts as dealt with then has a row.
    store.history?.read(name, { limit: HISTORY }),
    store.commands.findAudit(id === undefined ? [] : [id]),
    found?.row.source === 'store' ? store.entries.find([name]) : [],
  ]);
  if (!found) return null;
  const { entry, state, row } = found;
  const runs = entry && nextRuns(entry, state, now, NEXT);
  const next = runs ? await runInSlices(runs, clock, NEXT_BUDGET) : NO_RUNS;
  const recorded = entry && history && { entry, state, rows: history.rows, isComplete: history.next === null };
  const json = id === undefined ? undefined : answers.get(id);
  return {
    frame,
    row,
    zone: zoneOf(row, frame.zone),
    next,
    /** What became of the newest occurrences, oldest first. */
    occurrences: recorded ? await runInSlices(accountNewest(recorded, OCCURRENCES, now), clock) : [],
    /** Newest first; `null` if no history is recorded. */
    runs: history ? joinRuns(history.rows) : null,
    /** The definition of a stored entry, as JSON. */
    definition: pretty(stored[0]?.definition),
    /** The answer to the command that the page was opened for. */
    answer: id === undefined ? null : json === undefined ? 'pending' : decodeAnswer({ id, json }),
  } as const;
}

type EntryPage = NonNullable<Awaited<ReturnType<typeof loadEntryPage>>>;

/** A definition with indentation; `null` without one. */
function pretty(definition: string | undefined): string | null {
  if (definition === undefined) return null;
  try {
    return JSON.stringify(parseJson(definition), null, 2);
  } catch {
    return definition;
  }
}

/** One entry: why it is in its state, its runs, what comes next, and what can be done. */
export function entryPage(given: EntryPage, errors: Problems): Html {
  const { frame, row, definition, answer } = given;
  return layout(
    row.entry,
    html`${answer !== null && answered(answer)} ${errors.length > 0 && problems(errors)}
      <div class="row title">
        <h1 data-events="${new URLSearchParams({ entry: row.entry }).toString()}">${row.entry}</h1>
        <span id="badge" data-live>${stateBadge(row)}</span>
      </div>
      <div class="columns">
        <section class="panel" id="state" data-live aria-label="State">${facts(given)}</section>
        <div class="side">
          ${
            frame.mayChange &&
            html`<section class="panel" aria-label="Actions">
              <h2>Actions</h2>
              ${actions(row, definition)}
            </section>`
          }
          <section class="panel" id="next" data-live aria-label="Next runs">${upcomingRuns(given)}</section>
        </div>
        <section class="panel" id="runs" data-live aria-label="Runs">${pastRuns(given)}</section>
      </div>`,
    frame,
  );
}

function answered(answer: AuditRow | 'pending'): Html {
  if (answer === 'pending') {
    return html`<p class="message" role="status">The command is stored. It is applied when an instance leads.</p>`;
  }
  const isRejected = answer.status === 'rejected';
  return html`<p class="message ${isRejected ? 'error' : ''}" role="status">
    ${isRejected ? 'Rejected: ' : ''}${answer.answer}
  </p>`;
}

function facts(given: EntryPage): Html {
  const { row, zone, definition, frame } = given;
  const { now } = frame;
  const why = explainState(row, zone).map((sentence) => html`<p>${sentence}</p>`);
  if (row.error !== undefined) return html`${why}`;
  const { task, schedule, timezone, description, source, runCount, lastSentAt, nextDueAt } = row;
  const { lastOutcome } = row;
  return html`${why}
    <dl>
      <dt>Task</dt>
      <dd><code>${task}</code></dd>
      <dt>Schedule</dt>
      <dd>${schedule}${timezone === null ? '' : ` (${timezone})`}</dd>
      ${
        description !== undefined &&
        html`<dt>Description</dt>
          <dd>${description}</dd>`
      }
      <dt>Source</dt>
      <dd>${source === 'store' ? 'stored at run time' : 'configuration'}</dd>
      <dt>Last run</dt>
      <dd>${lastSentAt === null ? 'never' : relative(lastSentAt, now, zone)}</dd>
      ${
        lastOutcome &&
        html`<dt>Last outcome</dt>
          <dd>${lastOutcomeOf(lastOutcome, given)}</dd>`
      }
      <dt>Next run</dt>
      <dd>${nextDueAt === null ? 'none' : relative(nextDueAt, now, zone)}</dd>
      <dt>Runs</dt>
      <dd>${thousands(runCount)}</dd>
      ${
        definition !== null &&
        html`<dt>Definition</dt>
          <dd><pre tabindex="0" aria-label="Definition">${definition}</pre></dd>`
      }
    </dl>`;
}

function lastOutcomeOf(last: LastOutcome, { row, frame, zone }: EntryPage): Html {
  const isOfLastRun = row.error === undefined && last.taskId === row.lastTaskId;
  const run = `the run of ${formatNear(Date.parse(last.dueAt), frame.now, zone)}`;
  return showOutcome(last, isOfLastRun ? [] : [run]);
}

function upcomingRuns({ row, next: { instants: next, isPartial }, zone, frame }: EntryPage): Html {
  return html`<h2>Next ${next.length === 0 ? 'runs' : `${next.length} runs`}</h2>
    ${
      next.length === 0
        ? html`<p class="muted">None is due.</p>`
        : html`<ol class="instants">
            ${next.map(
              (at) =>
                html`<li>
                  <a href="${whyPath(row.entry, at)}"
                    ><time datetime="${formatIso(at)}">${formatInstant(at, zone)}</time></a
                  ><span class="muted">in ${formatSpan(at - frame.now)}</span>
                </li>`,
            )}
          </ol>`
    }
    ${isPartial && html`<p class="small muted">More would take too long to search.</p>`}
    <p class="small muted">
      ${zone}${row.error === undefined && html`. <a href="${whyPath(row.entry)}">Explain any instant</a>`}
    </p>`;
}

function pastRuns({ row, zone, runs, occurrences, frame }: EntryPage): Html {
  if (runs === null || (runs.length === 0 && occurrences.length === 0)) {
    return html`<h2>Runs</h2>
      <p class="muted">${runs === null ? 'No history is recorded.' : 'There are no runs yet.'}</p>`;
  }
  return html`${occurrences.length > 0 && occurrenceStrip(row.entry, occurrences, zone)}
  ${runs.length > 0 && runCharts(row.entry, runs, zone, frame.now)}`;
}

function runCharts(entry: string, runs: readonly HistoryItem[], zone: string, now: number): Html {
  const shown = runs.filter(isReadable).slice(0, SHOWN).toReversed();
  if (shown.length === 0) return runTable(entry, runs.slice(0, LISTED), zone);
  const published = shown.filter((item) => item.kind === 'run');
  const bars = (value: (run: RunHistory) => number | null): Bar[] =>
    published.map((run) => {
      const { kind, words } = describeRun(run);
      const title = `${formatInstant(run.dueAt, zone)}: ${words}`;
      return { value: value(run), kind: kind === 'failed' ? 'run failed' : 'run', title };
    });
  const lateness = bars(({ sentAt, dueAt }) => Math.max(0, sentAt - dueAt));
  const runtime = bars(({ outcome }) => outcome?.runtimeMs ?? null);
  const hasRuntime = runtime.some(({ value }) => value !== null);
  return html`${runChart('Lateness', lateness, formatDuration)}
    ${hasRuntime && runChart('Runtime', runtime, formatDuration)}
    <div class="axis" aria-hidden="true">
      <span>${formatNear(dueAtOf(shown[0]!), now, zone)}</span>
      <span>${formatNear(dueAtOf(shown.at(-1)!), now, zone)}</span>
    </div>
    ${runTable(entry, runs.slice(0, LISTED), zone)}`;
}

function runTable(entry: string, runs: readonly HistoryItem[], zone: string): Html {
  return scrollingTable(
    'Table of runs',
    [...[`Due (${zone})`, 'Outcome', { number: 'Late' }, { number: 'Runtime' }], ...['Cause', 'Task id']],
    runs.map((item) => runLine(entry, item, zone)),
  );
}

function runLine(entry: string, item: HistoryItem, zone: string): Html {
  if (item.kind === 'unreadable') return unreadableRow(item, { columns: 6, zone });
  const { kind, sign, words } = describeRun(item);
  const link = (at: number) => html`<a href="${whyPath(entry, at)}">${formatInstant(at, zone)}</a>`;
  if (item.kind === 'skip') {
    const { first, last, count, reason } = item;
    const many = count === null ? 'very many' : thousands(count);
    const more = last > first ? ` (${many}, up to ${formatInstant(last, zone)})` : '';
    return html`<tr>
      <td class="time">${link(first)}</td>
      <td colspan="5" class="muted">${sign} skipped${more}: ${describeSkipReason(reason)}</td>
    </tr>`;
  }
  const { outcome, dueAt, sentAt, cause, taskId, command } = item;
  const runtime = outcome?.runtimeMs ?? null;
  return html`<tr>
    <td class="time">${command === undefined ? link(dueAt) : formatInstant(dueAt, zone)}</td>
    <td>
      <span class="outcome ${kind}">${sign} ${words}</span>${
        outcome?.error
          ? html`<span class="muted clip" title="${outcome.error.slice(0, 1_000)}"
              >${outcome.error.slice(0, 200)}</span
            >`
          : ''
      }
    </td>
    <td class="number">${formatDuration(Math.max(0, sentAt - dueAt))}</td>
    <td class="number">${runtime === null ? '' : formatDuration(runtime)}</td>
    <td>${cause}</td>
    <td><code>${taskId.slice(0, 8)}</code></td>
  </tr>`;
}

function dueAtOf(past: ReadableItem): number {
  return past.kind === 'run' ? past.dueAt : past.first;
}
