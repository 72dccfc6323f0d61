import { Hono } from 'hono';
import { findClient } from './access/client-address.ts';
import { FailedLogins } from './access/failed-logins.ts';
import { endSession, startSession } from './access/session.ts';
import { checkToken } from './access/tokens.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { loginPage } from './pages/login-page.ts';
import { readForm } from './read-body.ts';

/** The longest body of a login, bytes: it needs no token. */
const MAX_BODY = 4_000;

/** The login page, for browsers. Programs send the token with each request. */
export function loginRoutes({ clock }: HttpContext): Hono<HttpEnv> {
  const failed = new FailedLogins(clock);
  const routes = new Hono<HttpEnv>();
  routes.get('/login', (c) =>
    c.html(loginPage({ next: safePath(c.req.query('next')), error: null })),
  );
  routes.post('/login', async (c) => {
    const client = findClient(c);
    const reject = () => {
      const seconds = failed.secondsToWait(client.address);
      if (seconds === 0) return null;
      c.header('Retry-After', String(seconds));
      const error = `Too many failed logins. Try again in ${seconds} seconds.`;
      return c.html(loginPage({ next: '/', error }), 429);
    };
    const early = reject();
    if (early) return early;
    const { token = '', name = '', next } = await readForm(c, MAX_BODY);
    // Bodies that arrive together must not try more tokens than bodies that arrive in turn.
    const late = reject();
    if (late) return late;
    const page = { next: safePath(next) };
    const permission = checkToken(token.trim(), c.var.http);
    if (permission === null) {
      failed.add(client.address);
      return c.html(loginPage({ ...page, error: 'This token is not valid.' }), 401);
    }
    const session = { permission, name: name.trim().slice(0, 100) };
    await startSession(c, session, { now: clock.now(), client });
    return c.redirect(page.next, 303);
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
