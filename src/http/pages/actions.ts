import { html } from 'hono/html';
import type { StatusRow } from '../../read-models/status/shapes.ts';
import { entryPath } from './entry-path.ts';
import type { Html } from './layout.ts';

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
  return html`<label
    >${label}<input name="${name}" type="datetime-local" ${isRequired ? 'required' : ''}
  /></label>`;
}
