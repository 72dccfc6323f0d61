import { html } from 'hono/html';
import type { Unreadable } from '../../store/unreadable.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';

/** The row of a record that cannot be read, in a table of so many columns. */
export function unreadableRow(
  { at, reason, repair }: Unreadable,
  { columns, zone }: { readonly columns: number; readonly zone: string },
): Html {
  return html`<tr>
    <td class="time">${at === null ? 'unknown' : formatInstant(Date.parse(at), zone)}</td>
    <td colspan="${columns - 1}">
      <span class="badge bad">unreadable</span> ${reason} <code>${repair}</code>
    </td>
  </tr>`;
}
