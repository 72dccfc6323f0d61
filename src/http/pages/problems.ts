import { html } from 'hono/html';
import { formatDiagnostic, type Diagnostic } from '../../util/diagnostic.ts';
import type { Html } from './layout.ts';

/** All problems of a form. */
export function problems(
  errors: readonly Pick<Diagnostic, 'path' | 'message'>[],
  heading = 'Nothing was changed:',
): Html {
  return html`<div class="message error" role="alert">
    ${heading}
    <ul>
      ${errors.map((each) => html`<li>${formatDiagnostic(each)}</li>`)}
    </ul>
  </div>`;
}
