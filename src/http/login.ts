import { Hono } from 'hono';
import { html } from 'hono/html';
import type { Clock } from '../util/clock.ts';
import { findClient } from './access/client-address.ts';
import { endSession, startSession, checkToken } from './access/session.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { layout, type Html } from './pages/layout.ts';
import { readForm } from './read-body.ts';

/** The longest body of a login, bytes: it needs no token. */
const MAX_BODY = 4_000;

export function loginRoutes({ clock }: HttpContext): Hono<HttpEnv> {
  const failed = countFailures(clock);
  const routes = new Hono<HttpEnv>();
  routes.get('/login', (c) => c.html(loginPage(safePath(c.req.query('next')), null)));
  routes.post('/login', async (c) => {
    const client = findClient(c);
    const reject = () => {
      const seconds = failed.secondsToWait(client.address);
      if (seconds === 0) return null;
      c.header('Retry-After', String(seconds));
      return c.html(loginPage('/', `Too many failed logins. Try again in ${seconds} seconds.`), 429);
    };
    const early = reject();
    if (early) return early;
    const { token = '', name = '', next } = await readForm(c, MAX_BODY);
    // Checked again: requests whose bodies arrive together must not try more tokens than consecutive requests.
    const late = reject();
    if (late) return late;
    const permission = checkToken(token.trim(), c.var.http);
    if (permission === null) {
      failed.add(client.address);
      return c.html(loginPage(safePath(next), 'This token is not valid.'), 401);
    }
    await startSession(c, { permission, name: name.trim().slice(0, 100) }, { now: clock.now(), client });
    return c.redirect(safePath(next), 303);
  });
  routes.post('/logout', (c) => {
    endSession(c);
    return c.redirect('/login', 303);
  });
  return routes;
}

/** A path on this server: a redirect must not lead to another host. */
function safePath(path = ''): string {
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path) ? path : '/';
}

/** The form that asks for a token. `error` says why the last try failed. */
function loginPage(next: string, error: string | null): Html {
  return layout(
    'Log in',
    html`<form method="post" action="/login" class="login panel">
      <p class="brand">beat</p>
      <h1>Log in</h1>
      ${error !== null && html`<p role="alert" class="error">${error}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        required
        autofocus
        autocomplete="current-password"
        aria-describedby="token-help"
      />
      <p id="token-help" class="help">The read token shows everything; the change token also sends commands.</p>
      <label for="name">Your name <span class="optional">(optional)</span></label>
      <input id="name" name="name" maxlength="100" autocomplete="username" aria-describedby="name-help" />
      <p id="name-help" class="help">The audit log shows it beside your commands.</p>
      <button class="primary">Log in</button>
    </form>`,
  );
}

/** Milliseconds. */
const WINDOW = 60_000;
/** The most failed logins in a window: from one address, and from all, so that many addresses cannot guess together. */
const MAX_PER_ADDRESS = 5;
const MAX_IN_ALL = 100;

function countFailures(clock: Clock) {
  const failures = new Map<string, number>();
  let inAll = 0;
  let until = -Infinity;
  return {
    /** Seconds until this address may try again; 0 if it may now. */
    secondsToWait(address: string): number {
      const left = until - clock.monotonic();
      if (left <= 0) return 0;
      const isOver = inAll >= MAX_IN_ALL || (failures.get(address) ?? 0) >= MAX_PER_ADDRESS;
      return isOver ? Math.ceil(left / 1_000) : 0;
    },
    add(address: string): void {
      const now = clock.monotonic();
      if (now >= until) {
        failures.clear();
        inAll = 0;
        until = now + WINDOW;
      }
      failures.set(address, (failures.get(address) ?? 0) + 1);
      inAll += 1;
    },
  };
}
