import type { Context } from 'hono';
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { isReadable } from '../../contracts/store/unreadable.ts';
import { formatDiagnostic, type Diagnostic } from '../../util/diagnostic.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { ASSETS } from './assets.ts';

/** Escaped markup. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const LINKS = [
  ['/', 'Entries'],
  ['/instances', 'Instances'],
  ['/audit', 'Audit log'],
] as const;

/** A whole page; the login page has no frame. */
export function layout(title: string, main: Html, frame?: Frame): Html {
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
        ([to, text]) => html`<a href="${to}" ${isCurrent(to, path) ? html`aria-current="page"` : ''}>${text}</a>`,
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

export type Frame = Awaited<ReturnType<typeof loadFrame>>;

/** Loads what every page shows about the instance and its user. Rejects with a `StoreError`. */
export async function loadFrame(
  { store, version, clock, settings }: HttpContext,
  { req, var: { access, http } }: Context<HttpEnv>,
) {
  const now = clock.now();
  const leader = (await store.instances.list()).filter(isReadable).find(({ role }) => role === 'leader');
  return {
    /** When the page was requested, epoch milliseconds. */
    now,
    zone: settings().timezone,
    /** Where the page is, for the navigation. */
    path: req.path,
    place: req.path + new URL(req.url).search,
    /** The leader, such as `beat-1:4711`; `null` when no instance leads. */
    leader: leader ? nameInstance(leader) : null,
    /** Whether the user may send commands. */
    mayChange: access.permission === 'change',
    hasSession: access.method === 'session',
    /** Whether logging in permits more than a user without a session may do. */
    canLogIn: access.method === 'open' && http.changeToken !== null,
    version,
  };
}

/** Such as `beat-1:4711`. */
export function nameInstance({ host, pid }: { readonly host: string; readonly pid: number | null }): string {
  return pid === null ? host : `${host}:${pid}`;
}

export type Problems = readonly Pick<Diagnostic, 'path' | 'message'>[];

export function problems(errors: Problems, heading = 'Nothing was changed:'): Html {
  return html`<div class="message error" role="alert">
    ${heading}
    <ul>
      ${errors.map((each) => html`<li>${formatDiagnostic(each)}</li>`)}
    </ul>
  </div>`;
}

export function errorPage(status: number, title: string, detail: string | undefined): Html {
  return layout(
    title,
    html`<div class="notice">
      <p class="muted">${status}</p>
      <h1>${title}</h1>
      ${detail !== undefined && html`<p>${detail}</p>`}
      <p><a href="/">All entries</a></p>
    </div>`,
  );
}
