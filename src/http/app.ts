import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { secureHeaders } from 'hono/secure-headers';
import { ConfigError, StoreError } from '../util/errors.ts';
import { maskText } from '../util/mask.ts';
import { identify, rejectOtherSites, requireRead } from './access/access.ts';
import { findClient } from './access/client-address.ts';
import { apiRoutes } from './api/routes.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { healthRoutes } from './health.ts';
import { loginRoutes } from './login.ts';
import { FILES } from './pages/assets.ts';
import { pageRoutes } from './pages/routes.ts';
import { problem } from './problem.ts';

export function createApp(context: HttpContext): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.use(async (c, next) => {
    c.set('http', context.settings().http!);
    await next();
    // An answer is for its user alone, and may be outdated within a second.
    if (!c.res.headers.has('cache-control')) c.header('Cache-Control', 'no-store');
    // Without `includeSubDomains`: beat does not decide for other hosts of the domain.
    if (findClient(c).isEncrypted) c.header('Strict-Transport-Security', 'max-age=15552000');
  });
  app.use(secureHeaders({ contentSecurityPolicy: POLICY, xFrameOptions: 'DENY', strictTransportSecurity: false }));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed(c, methods) {
        c.header('Allow', methods.join(', '));
        return problem(c, { status: 405 });
      },
    }),
  );
  app.onError((error, c) => {
    if (error instanceof HTTPException) {
      const { status, message } = error;
      context.reportError(`${c.req.method} ${c.req.path}: ${message} (${status})`, 'debug');
      return problem(c, { status, detail: message });
    }
    if (error instanceof ConfigError) return problem(c, { status: 422, errors: error.errors });
    if (error instanceof StoreError) return problem(c, { status: 503, detail: maskText(error.message) });
    context.reportError(error, 'error');
    return problem(c, { status: 500 });
  });
  app.notFound((c) => problem(c, { status: 404 }));

  app.route('/', healthRoutes(context));
  app.use(async (_, next) => {
    await context.reloaded();
    await next();
  });
  app.get('/assets/:file', (c) => {
    const asset = FILES.get(c.req.path);
    if (!asset) return problem(c, { status: 404 });
    const headers = { 'Content-Type': asset.type, 'Cache-Control': 'public, max-age=31536000, immutable' };
    return c.body(asset.content, 200, headers);
  });
  app.use(rejectOtherSites);
  app.route('/', loginRoutes(context));
  app.use(identify(context), requireRead);
  app.get('/metrics', async (c) => {
    const metrics = await context.metrics?.();
    if (!metrics) return problem(c, { status: 404, detail: 'no metrics are collected' });
    return c.body(metrics.body, 200, { 'Content-Type': metrics.contentType });
  });
  app.route('/', apiRoutes(context));
  app.route('/', pageRoutes(context));
  return app;
}

/** Pages load nothing from other hosts, and run only scripts of their own files. */
const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};
