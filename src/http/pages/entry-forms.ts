import { html } from 'hono/html';
import type { Definition } from '../../entries/catalog/definition.ts';
import type { StatusRow } from '../../read-models/status/shapes.ts';
import { parseJson } from '../../util/decode/json.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { Form } from '../read-body.ts';
import { entryPath } from './entry-path.ts';
import { layout, problems, type Frame, type Html, type Problems } from './layout.ts';

export function actions(row: StatusRow, definition: string | null): Html {
  const form = (command: string, fields: Html) =>
    html`<form method="post" action="${entryPath(row.entry)}" data-command="${command}">
      <input type="hidden" name="do" value="${command}" />
      ${fields}
    </form>`;
  const folded = (summary: string, command: string, fields: Html) =>
    html`<details>
      <summary>${summary}</summary>
      ${form(command, fields)}
    </details>`;
  const reason = html`<label>Reason<input name="reason" maxlength="1000" /></label>`;
  const isPaused = row.error === undefined && row.paused !== null;
  const pause = html`${reason} ${instant('until', 'Until (UTC)')} <button class="primary">Pause</button>`;
  const backfill = html`${instant('from', 'From (UTC)', true)} ${instant('to', 'To, not included (UTC)', true)}
    ${reason} <button class="primary">Publish these runs</button>`;
  const update = html`<label for="definition">Fields to replace, as JSON; null removes one</label>
    <textarea id="definition" name="definition" spellcheck="false">${definition}</textarea>
    <button class="primary">Change</button>`;
  return html`<div class="actions">
    ${form('run', html`<button class="primary">Run now</button>`)}
    ${isPaused ? form('resume', html`<button>Resume</button>`) : folded('Pause …', 'pause', pause)}
    ${folded('Skip …', 'skip', html`${reason}<button class="primary">Skip the next run</button>`)}
    ${folded('Backfill …', 'backfill', backfill)}
    ${
      definition !== null &&
      html`${folded('Change …', 'update', update)}
      ${folded('Remove …', 'remove', html`${reason}<button class="danger">Remove the entry</button>`)}`
    }
  </div>`;
}

/** A label around its field: several forms have a field of that name. */
function instant(name: string, label: string, isRequired = false): Html {
  return html`<label>${label}<input name="${name}" type="datetime-local" ${isRequired ? 'required' : ''} /></label>`;
}

const NEW_ENTRY = ['entry', 'task', 'schedule', 'timezone', 'args', 'kwargs'] as const;
/** The fields of the form for a new entry, as text. */
export type NewEntry = Readonly<Record<(typeof NEW_ENTRY)[number], string>>;

/** The form for a new stored entry, with the problems of the last try, or why the leader rejected it. */
export function addPage(frame: Frame, given: NewEntry, errors: Problems, rejected: string | null): Html {
  const field = (name: keyof NewEntry, label: string, help: string, isRequired = false) =>
    html`<label for="${name}">${label}</label>
      <input
        id="${name}"
        name="${name}"
        value="${given[name]}"
        ${isRequired ? 'required' : ''}
        aria-describedby="${name}-help"
      />
      <div class="help" id="${name}-help">${help}</div>`;
  return layout(
    'Add entry',
    html`<div class="row title"><h1>Add entry</h1></div>
      ${errors.length > 0 && problems(errors)}
      ${rejected !== null && html`<p class="message error" role="alert">Rejected: ${rejected}</p>`}
      <form class="panel form" method="post" action="/add">
        ${field('entry', 'Name', 'Unique among all entries.', true)}
        ${field('task', 'Task', 'As workers register it, such as mail.digest.', true)}
        ${field('schedule', 'Schedule', 'A cron line (0 7 * * mon), a duration (5m), or JSON.', true)}
        ${field('timezone', 'Time zone', 'Such as Europe/Oslo; that of the configuration unless given.')}
        ${field('args', 'Arguments', 'A JSON list.')} ${field('kwargs', 'Keyword arguments', 'A JSON object.')}
        <p></p>
        <button class="primary">Add entry</button>
      </form>`,
    frame,
  );
}

/** The command of a form about an entry. Throws a `ConfigError` for a definition that is not JSON. */
export function readAction(entry: string, form: Form): Definition {
  const text = (name: string) => textOf(form, name);
  const optional = Object.fromEntries(
    [
      ['reason', text('reason')] as const,
      ...['until', 'dueAt', 'from', 'to'].map((name) => [name, instantOf(text(name))] as const),
    ].filter(([, value]) => value !== ''),
  );
  const definition = text('definition');
  return {
    do: text('do'),
    entry,
    ...optional,
    ...(definition !== '' && { definition: parseField('definition', definition) }),
  };
}

/** The fields of the form for a new entry, and its command, which throws a `ConfigError` with all problems. */
export function readNewEntry(form: Form): { readonly given: NewEntry; readonly command: () => Definition } {
  const given = Object.fromEntries(NEW_ENTRY.map((name) => [name, textOf(form, name)])) as NewEntry;
  const { entry, task, schedule, timezone, args, kwargs } = given;
  return {
    given,
    command: () => ({
      do: 'add',
      entry,
      definition: {
        task,
        schedule: parseSchedule(schedule),
        ...(timezone !== '' && { timezone }),
        ...(args !== '' && { args: parseField('args', args) }),
        ...(kwargs !== '' && { kwargs: parseField('kwargs', kwargs) }),
      },
    }),
  };
}

/** Parses a duration, JSON or a cron line, as `--schedule` of `beat add` does. */
function parseSchedule(text: string): unknown {
  if (text.startsWith('{')) return parseField('schedule', text);
  return /^\d[\w.]*$/.test(text) ? text : { cron: text };
}

function parseField(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ConfigError([errorAt([name], `invalid JSON: ${(error as Error).message}`)]);
  }
}

/** Fields of the type `datetime-local` have no offset; the pages ask for UTC. */
function instantOf(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? `${text}Z` : text;
}

function textOf(form: Form, name: string): string {
  return form[name]?.trim() ?? '';
}
