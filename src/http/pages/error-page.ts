import { html } from 'hono/html';
import { layout, type Html } from './layout.ts';

/** What a browser shows in place of a page. */
export function errorPage({
  status,
  title,
  detail,
}: {
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
}): Html {
  return layout({
    title,
    main: html`<div class="notice">
      <p class="muted">${status}</p>
      <h1>${title}</h1>
      ${detail !== undefined && html`<p>${detail}</p>`}
      <p><a href="/">All entries</a></p>
    </div>`,
  });
}
