import { Hono, type Context } from 'hono';
import { html } from 'hono/html';
import { INSTANT_FORMS } from '../../celery/message/parse-instant.ts';
import type { Account } from '../../read-models/history/account.ts';
import type { LoadedWhy, Why } from '../../read-models/history/explain.ts';
import type { RunHistory } from '../../read-models/history/join-runs.ts';
import type { Explanation } from '../../schedule/schedule.ts';
import { formatInZone, formatLocal } from '../../schedule/zone/format-in-zone.ts';
import { formatIso } from '../../util/format-iso.ts';
import { formatDuration } from '../../util/format-duration.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { findExplained, readLocalInstant } from '../explained-instant.ts';
import { problem, type Problem } from '../problem.ts';
import { readName, WHY_PATHS, entryPath, whyForm, whyPath } from './entry-path.ts';
import { showOutcome } from './format.ts';
import { layout, loadFrame, problems, type Html, type Problems } from './layout.ts';
import { scrollingTable } from './table.ts';
import { summarize } from './run-charts.ts';

export function whyRoutes(context: HttpContext): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  routes.on('GET', WHY_PATHS, async (c) => {
    const page = await loadWhyPage(context, c);
    return 'status' in page ? problem(c, page) : c.html(whyPage(page), page.loaded ? 200 : 422);
  });
  return routes;
}

type WhyPage = Exclude<Awaited<ReturnType<typeof loadWhyPage>>, Problem>;

/** Loads the page for `at`, else for now; without an offset it is in the entry's zone. Rejects with a `StoreError`. */
async function loadWhyPage(context: HttpContext, c: Context<HttpEnv>) {
  const entry = readName(c);
  const found = await findExplained(context, entry);
  if ('status' in found) return found;
  const { rule, zone, now } = found;
  const { at: text = '', shown = '' } = c.req.query();
  const at = text === '' ? now : readAt(text, shown, zone);
  const [frame, loaded] = await Promise.all([
    loadFrame(context, c),
    at === null ? null : found.explain(at, (each) => formatInZone(each, zone)),
  ]);
  const message = `expected ${INSTANT_FORMS}, in the years 1 to 9999, got ${JSON.stringify(text)}`;
  const errors: Problems = at === null ? [{ path: ['at'], message }] : [];
  // `loaded` is `null` if the instant is malformed. The page shows and the form sends instants in `zone`.
  return { frame, entry, rule, zone, loaded, errors };
}

/** Reads the instant of the form. An unchanged field is the instant shown, because a local time may be ambiguous. */
function readAt(text: string, shown: string, zone: string): number | null {
  const before = readLocalInstant(shown, zone);
  return before !== null && formatLocal(before, zone) === text ? before : readLocalInstant(text, zone);
}

/** Why an entry was or was not due at an instant, and what became of it, as `beat why` shows it. */
function whyPage(given: WhyPage): Html {
  const { frame, entry, rule, zone, loaded, errors } = given;
  return layout(
    `Why: ${entry}`,
    html`${errors.length > 0 && problems(errors, 'This instant cannot be explained:')}
      <div class="row title">
        <h1 data-events="${new URLSearchParams({ entry }).toString()}">
          Why: <a href="${entryPath(entry)}">${entry}</a>
        </h1>
      </div>
      <section class="panel" aria-label="Instant">${instantForm(given)}</section>
      ${
        loaded &&
        html`<section class="panel" id="answer" data-live aria-label="What became of it">
            ${answer(loaded.found, zone)}
          </section>
          <section class="panel" id="near" data-live aria-label="Occurrences near it">
            ${nearest(entry, loaded, zone)}
          </section>
          <section class="panel" id="schedule" data-live aria-label="Schedule">
            <h2>Schedule</h2>
            <p>${rule}</p>
            ${loaded.found.fields && fieldTable(loaded.found.fields)}
          </section>`
      }`,
    frame,
  );
}

/** A form whose result has an address that can be shared. */
function instantForm({ entry, zone, loaded }: WhyPage): Html {
  const { action, name } = whyForm(entry);
  const at = loaded?.found.at ?? null;
  const value = at === null ? '' : formatLocal(at, zone);
  return html`<form class="at" action="${action}">
    ${name !== null && html`<input type="hidden" name="name" value="${name}" />`}
    ${at !== null && html`<input type="hidden" name="shown" value="${formatIso(at)}" />`}
    <div>
      <label for="at">Instant (${zone})</label>
      <input
        id="at"
        name="at"
        type="datetime-local"
        step="${value.includes('.') ? '0.001' : '1'}"
        required
        value="${value}"
      />
    </div>
    <button class="primary">Explain</button>
  </form>`;
}

function answer({ at, account, isDue, reasons }: Why, zone: string): Html {
  return html`<p class="verdict">${verdict(account, isDue)}</p>
    <p class="muted">
      <time datetime="${formatIso(at)}">${formatInZone(at, zone)}</time> · ${formatIso(at).replace('.000', '')}
    </p>
    ${
      reasons.length > 0 &&
      html`<ul class="reasons">
        ${reasons.map((reason) => html`<li>${reason}</li>`)}
      </ul>`
    }
    ${runsOf(account).map((run) => runFacts(run, zone))}`;
}

function verdict(account: Account | null, isDue: boolean): Html {
  if (account === null) return html`<span class="outcome skipped">– ${isDue ? 'not expected' : 'not due'}</span>`;
  const { kind, sign, words } = summarize(account);
  const isBad = ['failed', 'twice', 'unaccounted'].includes(kind);
  return html`<span class="${isBad ? 'failed' : ''} outcome">${sign} ${words}</span>`;
}

function runsOf(account: Account | null): readonly RunHistory[] {
  if (account?.kind === 'published') return [account.run];
  return account?.kind === 'published-twice' ? account.runs : [];
}

function runFacts({ task, taskId, queue, dueAt, sentAt, outcome }: RunHistory, zone: string): Html {
  return html`<dl>
    <dt>Published</dt>
    <dd>${formatInZone(sentAt, zone)}, ${formatDuration(sentAt - dueAt)} after it was due</dd>
    <dt>Task</dt>
    <dd><code>${task}</code> to <code>${queue}</code></dd>
    <dt>Task id</dt>
    <dd><code>${taskId}</code></dd>
    <dt>Outcome</dt>
    <dd>${outcome === null ? 'not known' : showOutcome(outcome, [`at ${formatInZone(outcome.doneAt, zone)}`])}</dd>
  </dl>`;
}

/** The occurrences before and after the instant. */
function nearest(entry: string, { found, before, after }: LoadedWhy, zone: string): Html {
  const line = (at: number | null, why: Why | null): Html => {
    if (at === null) return html`none`;
    return html`<a href="${whyPath(entry, at)}">${formatInZone(at, zone)}</a>${
        why !== null && why.reasons.length > 0 ? html`<div class="muted">${why.reasons.join('; ')}</div>` : ''
      }`;
  };
  return html`<h2>Occurrences near it</h2>
    <dl>
      <dt>Before</dt>
      <dd>${line(found.previous, before)}</dd>
      <dt>After</dt>
      <dd>${line(found.next, after)}</dd>
    </dl>`;
}

function fieldTable({ local, fields, notes }: Explanation): Html {
  const rows = fields.map(
    ({ field, rule, value, matches }) =>
      html`<tr>
        <th scope="row">${field}</th>
        <td><code>${rule}</code></td>
        <td>${value}</td>
        <td>
          <span class="outcome ${matches ? '' : 'failed'}">${matches ? '✓ matches' : '✕ does not match'}</span>
        </td>
      </tr>`,
  );
  return html`${scrollingTable('Fields of the schedule', ['Field', 'Rule', `At ${local}`, 'Result'], rows)}
  ${notes.map((note) => html`<p class="small muted">${note}</p>`)}`;
}
