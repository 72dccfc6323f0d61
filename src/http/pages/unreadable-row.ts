import { html } from 'hono/html';
import type { Unreadable } from '../../contracts/store/unreadable.ts';
import { truncate } from '../../util/visible.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';

/** Characters of an id in a table. */
const MAX_ID = 100;

/**
 * The row of an unreadable record, in a table with `columns` columns. Its first column has the instant of the record; without
 * `zone`, the id.
 */
export function unreadableRow(
  { id, at, reason, repair }: Unreadable,
  { columns, zone }: { readonly columns: number; readonly zone?: string },
): Html {
  const written =
    at === null || zone === undefined ? 'unknown' : formatInstant(Date.parse(at), zone);
  return html`<tr>
    <td class="time">${zone === undefined ? truncate(id, MAX_ID) : written}</td>
    <td colspan="${columns - 1}">
      <span class="badge bad">unreadable</span> ${reason} <code>${repair}</code>
    </td>
  </tr>`;
}
