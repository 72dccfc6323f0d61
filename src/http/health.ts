import { Hono } from 'hono';
import { isAlive } from '../observe/liveness.ts';
import { waitAtMost } from '../util/wait.ts';
import type { HttpContext, HttpEnv } from './context.ts';

/** How long the store may take to answer, milliseconds. */
const READY_TIMEOUT = 2_000;

/** Probes, which reveal only health. `/healthz`: the loop works. `/readyz`: the store answers, and no reload failed. */
export function healthRoutes({ health, store, clock, stopped }: HttpContext): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  routes.get('/healthz', async (c) => {
    const { idleMs } = await health();
    const alive = isAlive({ idleMs });
    return c.json({ status: alive ? 'ok' : 'stuck', idleMs }, alive ? 200 : 503);
  });
  routes.get('/readyz', async (c) => {
    let answered = false;
    const ask = async () => {
      answered = await store.commands.readAudit(1).then(
        () => true,
        () => false,
      );
    };
    await waitAtMost(clock, READY_TIMEOUT, stopped, ask);
    const loop = await health();
    const checks = {
      loop: isAlive(loop),
      store: answered,
      configuration: !loop.hasReloadFailed,
      entries: !loop.hasBlockedEntries,
    };
    const isReady = checks.loop && checks.store;
    return c.json({ status: isReady ? 'ok' : 'unavailable', checks }, isReady ? 200 : 503);
  });
  return routes;
}
