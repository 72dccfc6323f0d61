import { html } from 'hono/html';
import type { Diagnostic } from '../../util/diagnostic.ts';
import type { Frame } from './frame.ts';
import { layout, type Html } from './layout.ts';
import { problems } from './problems.ts';

/** The fields of the form, as text. */
export type NewEntry = Readonly<
  Record<'entry' | 'task' | 'schedule' | 'timezone' | 'args' | 'kwargs', string>
>;

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
        ${field('args', 'Arguments', 'A JSON list.')}
        ${field('kwargs', 'Keyword arguments', 'A JSON object.')}
        <p></p>
        <button class="primary">Add entry</button>
      </form>`,
  });
}
