import { html } from 'hono/html';
import type { InstanceRow } from '../../read-models/status/shapes.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { type Frame, layout, type Html } from './layout.ts';
import { relative } from './format.ts';
import { unreadableRow } from './unreadable-row.ts';

/** The instances that run. */
export function instancesPage({
  frame,
  instances,
  zone,
  now,
}: {
  readonly frame: Frame;
  readonly instances: readonly InstanceRow[];
  readonly zone: string;
  readonly now: number;
}): Html {
  return layout({
    title: 'Instances',
    frame,
    main: html`<div class="row title">
        <h1>Instances</h1>
        <span class="muted">seen within 15 seconds</span>
      </div>
      <section class="panel table" id="instances" data-live aria-label="Instances">
        ${instances.length === 0 ? html`<p class="panel muted">No instance runs.</p>` : table(instances, zone, now)}
      </section>`,
  });
}

function table(instances: readonly InstanceRow[], zone: string, now: number): Html {
  return html`<table class="stack">
    <thead>
      <tr>
        <th scope="col">Instance</th>
        <th scope="col">Role</th>
        <th scope="col" class="number">Term</th>
        <th scope="col" class="number">Clock skew</th>
        <th scope="col">Started (${zone})</th>
        <th scope="col">Version</th>
        <th scope="col" class="number">Seen</th>
      </tr>
    </thead>
    <tbody>
      ${instances.map((instance) => {
        if ('kind' in instance) return unreadableRow(instance, { columns: 7 });
        const { host, pid, role, term, skewMs, startedAt, version, seenAgoMs } = instance;
        return html`<tr>
          <td data-label="Instance">
            <span class="name">${host}${pid === null ? '' : `:${pid}`}</span>
          </td>
          <td data-label="Role">
            <span class="badge ${role === 'leader' ? 'good' : 'quiet'}">${role}</span>
          </td>
          <td data-label="Term" class="number">${term ?? '–'}</td>
          <td data-label="Clock skew" class="number">${skewMs === null ? '–' : `${skewMs} ms`}</td>
          <td data-label="Started">
            <div>${relative(startedAt, now, zone)}</div>
          </td>
          <td data-label="Version">${version}</td>
          <td data-label="Seen" class="number">${formatDuration(seenAgoMs)} ago</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
