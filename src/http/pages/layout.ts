import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** Escaped markup. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A whole page. */
export function layout({ title, main }: { readonly title: string; readonly main: Html }): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · beat</title>
        <meta name="viewport" content="width=device-width" />
      </head>
      <body>
        <main>${main}</main>
      </body>
    </html>`;
}
