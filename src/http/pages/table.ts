import { html } from 'hono/html';
import type { Unreadable } from '../../contracts/store/unreadable.ts';
import { truncate } from '../../util/visible.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';

/** A heading, or a heading above numbers. */
export type Heading = string | { readonly number: string };

/** A table; `kind` is a class of the stylesheet. */
export function table(kind: string, headings: readonly Heading[], rows: readonly Html[]): Html {
  return html`<table class="${kind}">
    <thead>
      <tr>
        ${headings.map((heading) =>
          typeof heading === 'string'
            ? html`<th scope="col">${heading}</th>`
            : html`<th scope="col" class="number">${heading.number}</th>`,
        )}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** A table that scrolls within its page, also with the keyboard. */
export function scrollingTable(label: string, headings: readonly Heading[], rows: readonly Html[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    ${table('dense', headings, rows)}
  </div>`;
}

/** The most characters of an id in a table. */
const MAX_ID = 100;

/** The row of an unreadable record. Its first column has the instant of the record; without `zone`, the id. */
export function unreadableRow(
  { id, at, reason, repair }: Unreadable,
  { columns, zone }: { readonly columns: number; readonly zone?: string },
): Html {
  const written = at === null || zone === undefined ? 'unknown' : formatInstant(Date.parse(at), zone);
  return html`<tr>
    <td class="time">${zone === undefined ? truncate(id, MAX_ID) : written}</td>
    <td colspan="${columns - 1}"><span class="badge bad">unreadable</span> ${reason} <code>${repair}</code></td>
  </tr>`;
}
