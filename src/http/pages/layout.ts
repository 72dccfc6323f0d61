import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { ASSETS } from './assets.ts';
import type { Frame } from './frame.ts';

/** Escaped markup. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const LINKS = [
  ['/', 'Entries'],
  ['/instances', 'Instances'],
  ['/audit', 'Audit log'],
] as const;

/** A whole page; without a frame for the login page. */
export function layout({
  title,
  main,
  frame,
}: {
  readonly title: string;
  readonly main: Html;
  readonly frame?: Frame;
}): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · beat</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="${ASSETS.icon}" />
        <link rel="stylesheet" href="${ASSETS.style}" />
        ${frame && html`<script type="module" src="${ASSETS.script}"></script>`}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        ${frame && header(frame)}
        <main id="main">${main}</main>
        ${frame && html`<footer><span>beat ${frame.version}</span><span id="connection" role="status"></span></footer>`}
      </body>
    </html>`;
}

function header({ path, place, leader, mayChange, hasSession, canLogIn }: Frame): Html {
  return html`<header>
    <a class="brand" href="/">beat</a>
    <nav aria-label="Pages">
      ${LINKS.map(
        ([to, text]) =>
          html`<a href="${to}" ${isCurrent(to, path) ? html`aria-current="page"` : ''}>${text}</a>`,
      )}
    </nav>
    <p class="leader" id="leader" data-live>
      ${
        leader === null
          ? html`<span class="badge bad">no leader</span> nothing is published`
          : html`<span class="badge good">leader</span> ${leader}`
      }
    </p>
    ${!mayChange && html`<span class="badge quiet">read only</span>`}
    ${canLogIn && html`<a href="/login?${new URLSearchParams({ next: place }).toString()}">Log in</a>`}
    ${hasSession && html`<form method="post" action="/logout"><button class="link">Log out</button></form>`}
  </header>`;
}

function isCurrent(to: string, path: string): boolean {
  if (to !== '/') return path === to;
  return ['/', '/add', '/entry', '/why'].includes(path) || path.startsWith('/entries/');
}
