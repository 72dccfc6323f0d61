import { html } from 'hono/html';
import type { Unreadable } from '../../contracts/store/unreadable.ts';
import type { AuditRow } from '../../entries/commands/shapes.ts';
import type { InstanceRow } from '../../read-models/status/shapes.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { thousands } from '../../util/thousands.ts';
import { entryPath } from './entry-path.ts';
import { formatInstant, relative } from './format.ts';
import { layout, nameInstance, type Frame, type Html } from './layout.ts';
import { table, unreadableRow, type Heading } from './table.ts';

interface ListPage {
  readonly title: string;
  readonly about: string;
  /** The id of the section that the script replaces. */
  readonly id: string;
  /** What the page shows without rows. */
  readonly nothing: string;
  readonly headings: readonly Heading[];
  readonly rows: readonly Html[];
}

function listPage(frame: Frame, { title, about, id, nothing, headings, rows }: ListPage): Html {
  return layout(
    title,
    html`<div class="row title">
        <h1>${title}</h1>
        <span class="muted">${about}</span>
      </div>
      <section class="panel table" id="${id}" data-live aria-label="${title}">
        ${rows.length === 0 ? html`<p class="panel muted">${nothing}</p>` : table('stack', headings, rows)}
      </section>`,
    frame,
  );
}

export function instancesPage(frame: Frame, instances: readonly InstanceRow[]): Html {
  const { zone, now } = frame;
  return listPage(frame, {
    title: 'Instances',
    about: 'seen within 15 seconds',
    id: 'instances',
    nothing: 'No instance runs.',
    headings: [
      ...['Instance', 'Role', { number: 'Term' }, { number: 'Clock skew' }],
      ...[`Started (${zone})`, 'Version', { number: 'Seen' }],
    ],
    rows: instances.map((instance) => {
      if ('kind' in instance) return unreadableRow(instance, { columns: 7 });
      const { role, term, skewMs, startedAt, version, seenAgoMs } = instance;
      return html`<tr>
        <td data-label="Instance"><span class="name">${nameInstance(instance)}</span></td>
        <td data-label="Role"><span class="badge ${role === 'leader' ? 'good' : 'quiet'}">${role}</span></td>
        <td data-label="Term" class="number">${term ?? '–'}</td>
        <td data-label="Clock skew" class="number">${skewMs === null ? '–' : `${skewMs} ms`}</td>
        <td data-label="Started"><div>${relative(startedAt, now, zone)}</div></td>
        <td data-label="Version">${version}</td>
        <td data-label="Seen" class="number">${formatDuration(seenAgoMs)} ago</td>
      </tr>`;
    }),
  });
}

/** The newest commands with their answers. */
export function auditPage(frame: Frame, rows: readonly (AuditRow | Unreadable)[]): Html {
  const { zone } = frame;
  return listPage(frame, {
    title: 'Audit log',
    id: 'audit',
    about: rows.length === 1 ? '1 command' : `the newest ${thousands(rows.length)} commands`,
    nothing: 'No command was sent yet.',
    headings: [`When (${zone})`, 'Command', 'Entry', 'By', 'Answer'],
    rows: rows.map((row) => {
      if ('kind' in row) return unreadableRow(row, { columns: 5, zone });
      const { answeredAt, do: command, entry, by, status, answer, reason } = row;
      return html`<tr>
        <td data-label="When">${formatInstant(Date.parse(answeredAt), zone)}</td>
        <td data-label="Command">${command ?? 'unknown'}</td>
        <td data-label="Entry">${entry !== null && html`<a class="name" href="${entryPath(entry)}">${entry}</a>`}</td>
        <td data-label="By">${by}</td>
        <td data-label="Answer">
          <div>
            ${status === 'rejected' ? html`<span class="badge bad">rejected</span> ` : ''}${answer}${reason !== null ? html`<span class="muted">${reason}</span>` : ''}
          </div>
        </td>
      </tr>`;
    }),
  });
}
