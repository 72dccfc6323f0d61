import { html } from 'hono/html';
import type { Definition } from '../../entries/catalog/definition.ts';
import type { StatusRow } from '../../read-models/status/shapes.ts';
import { parseJson } from '../../util/decode/json.ts';
import { type Diagnostic, errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { Form } from '../read-body.ts';
import { entryPath } from './entry-path.ts';
import { type Html, type Frame, layout, problems } from './layout.ts';

/** The forms that send commands about an entry. */
export function actions(row: StatusRow, definition: string | null): Html {
  const path = entryPath(row.entry);
  const isPaused = row.error === undefined && row.paused !== null;
  return html`<div class="actions">
    ${form(path, 'run', html`<button class="primary">Run now</button>`)}
    ${
      isPaused
        ? form(path, 'resume', html`<button>Resume</button>`)
        : details(
            'Pause …',
            form(
              path,
              'pause',
              html`${text('reason', 'Reason')} ${instant('until', 'Until (UTC)')}
                <button class="primary">Pause</button>`,
            ),
          )
    }
    ${details('Skip …', form(path, 'skip', html`${text('reason', 'Reason')}<button class="primary">Skip the next run</button>`))}
    ${details(
      'Backfill …',
      form(
        path,
        'backfill',
        html`${instant('from', 'From (UTC)', true)} ${instant('to', 'To, not included (UTC)', true)}
          ${text('reason', 'Reason')} <button class="primary">Publish these runs</button>`,
      ),
    )}
    ${
      definition !== null &&
      html`${details(
        'Change …',
        form(
          path,
          'update',
          html`<label for="definition">Fields to replace, as JSON; null removes one</label>
            <textarea id="definition" name="definition" spellcheck="false">${definition}</textarea>
            <button class="primary">Change</button>`,
        ),
      )}
      ${details('Remove …', form(path, 'remove', html`${text('reason', 'Reason')}<button class="danger">Remove the entry</button>`))}`
    }
  </div>`;
}

function form(path: string, command: string, fields: Html): Html {
  return html`<form method="post" action="${path}" data-command="${command}">
    <input type="hidden" name="do" value="${command}" />
    ${fields}
  </form>`;
}

function details(summary: string, content: Html): Html {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}

/** A label around its field: several forms have a field of that name. */
function text(name: string, label: string): Html {
  return html`<label>${label}<input name="${name}" maxlength="1000" /></label>`;
}

function instant(name: string, label: string, isRequired = false): Html {
  return html`<label>${label}<input name="${name}" type="datetime-local" ${isRequired ? 'required' : ''} /></label>`;
}

/** The fields of the form, as text. */
export type NewEntry = Readonly<Record<'entry' | 'task' | 'schedule' | 'timezone' | 'args' | 'kwargs', string>>;

/** The form for a new stored entry. */
export function addPage({
  frame,
  given,
  errors,
  rejected,
}: {
  readonly frame: Frame;
  readonly given: NewEntry;
  readonly errors: readonly Pick<Diagnostic, 'path' | 'message'>[];
  /** Why the leader rejected it. */
  readonly rejected: string | null;
}): Html {
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
  return layout({
    title: 'Add entry',
    frame,
    main: html`<div class="row title"><h1>Add entry</h1></div>
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
  });
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
  const given: NewEntry = {
    entry: textOf(form, 'entry'),
    task: textOf(form, 'task'),
    schedule: textOf(form, 'schedule'),
    timezone: textOf(form, 'timezone'),
    args: textOf(form, 'args'),
    kwargs: textOf(form, 'kwargs'),
  };
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
