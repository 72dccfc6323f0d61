import { html } from 'hono/html';
import type { AuditRow } from '../../entries/commands/shapes.ts';
import type { Unreadable } from '../../contracts/store/unreadable.ts';
import { thousands } from '../../util/thousands.ts';
import { entryPath } from './entry-path.ts';
import { formatInstant } from './format.ts';
import { type Frame, layout, type Html } from './layout.ts';
import { unreadableRow } from './unreadable-row.ts';

/** The newest commands with their answers. */
export function auditPage({
  frame,
  rows,
  timezone,
}: {
  readonly frame: Frame;
  readonly rows: readonly (AuditRow | Unreadable)[];
  readonly timezone: string;
}): Html {
  return layout({
    title: 'Audit log',
    frame,
    main: html`<div class="row title">
        <h1>Audit log</h1>
        <span class="muted">the newest ${thousands(rows.length)} commands</span>
      </div>
      <section class="panel table" id="audit" data-live aria-label="Audit log">
        ${rows.length === 0 ? html`<p class="panel muted">No command was sent yet.</p>` : table(rows, timezone)}
      </section>`,
  });
}

function table(rows: readonly (AuditRow | Unreadable)[], zone: string): Html {
  return html`<table class="stack">
    <thead>
      <tr>
        <th scope="col">When (${zone})</th>
        <th scope="col">Command</th>
        <th scope="col">Entry</th>
        <th scope="col">By</th>
        <th scope="col">Answer</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) =>
        'kind' in row
          ? unreadableRow(row, { columns: 5, zone })
          : html`<tr>
              <td data-label="When">${formatInstant(Date.parse(row.answeredAt), zone)}</td>
              <td data-label="Command">${row.do ?? 'unknown'}</td>
              <td data-label="Entry">
                ${row.entry !== null && html`<a class="name" href="${entryPath(row.entry)}">${row.entry}</a>`}
              </td>
              <td data-label="By">${row.by}</td>
              <td data-label="Answer">
                <div>
                  ${row.status === 'rejected' ? html`<span class="badge bad">rejected</span> ` : ''}${row.answer}${row.reason !== null ? html`<span class="muted">${row.reason}</span>` : ''}
                </div>
              </td>
            </tr>`,
      )}
    </tbody>
  </table>`;
}
