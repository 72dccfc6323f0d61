import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';

/** What Celery asked kombu to do. */
interface Sent {
  readonly exchange: string;
  readonly routing_key: string;
  readonly priority: number;
  readonly delivery_mode: number;
  readonly declared: readonly unknown[];
}

interface Recorded {
  readonly config: { readonly task_routes?: unknown; readonly task_default_exchange_type?: string };
  readonly cases: readonly {
    readonly task: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly to: Sent | null;
  }[];
}

const file = new URL('../../../conformance/routing.jsonl', import.meta.url);
const recorded = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

describe('tasks', () => {
  test.each(recorded.map(({ config, cases }) => ({ config: JSON.stringify(config), raw: config, cases })))(
    'go where Celery sends them, with $config',
    ({ raw, cases }) => {
      let compared = 0;
      for (const { task, options, to } of cases) {
        const ours = sentBy(raw, task, options);
        // To Celery no name is one, where the default queue is not bound to a direct exchange.
        if (options['exchange'] === '' && !isDirect(raw)) continue;
        // Celery sends these to the anonymous exchange without a key, and they are lost.
        if (to?.exchange === '' && to.routing_key === '') {
          expect(ours).toMatchObject({ exchange: '', routing_key: 'celery' });
          continue;
        }
        // Celery declares its default queue beside an exchange that was asked for; it has no part in that.
        const apart = to && options['exchange'] && ours?.declared.length === 0;
        const expected = apart ? { ...to, declared: [] } : to;
        expect({ task, options, to: ours }).toEqual({ task, options, to: expected });
        compared += 1;
      }
      expect(compared).toBeGreaterThan(20);
    },
  );
});

function isDirect({ task_default_exchange_type: type = 'direct' }: Recorded['config']): boolean {
  return type === 'direct';
}

function sentBy(config: Recorded['config'], task: string, options: object): Sent | null {
  const entry = { task, schedule: 60, options };
  const all = {
    brokerUrl: 'redis://localhost',
    ...config,
    ...(config.task_routes !== undefined && { task_routes: routesOf(config.task_routes) }),
    beat_schedule: { entry },
  };
  try {
    const settings = resolveSettings(all);
    const queues = new Queues(settings.queues);
    const router = new Router(queues, settings.routes);
    const { destination, options: routed } = router.route(task, [], {}, settings.entries[0]!.options);
    const asked = destination.queue === null ? null : queues.get(destination.queue);
    return {
      exchange: destination.exchange,
      routing_key: destination.routingKey,
      priority: routed.priority ?? 0,
      delivery_mode: routed.deliveryMode!,
      declared: asked && !asked.broadcast ? [declared(asked)] : [],
    };
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

function declared({ name, bindings, arguments: given }: ReturnType<Queues['get']>): unknown {
  const bound = bindings.map(({ exchange, routingKey }) => [...[exchange.name, exchange.type, routingKey]]);
  return [name, bound, given];
}

/** Pairs whose key begins with `re:` were made regular expressions of. */
function routesOf(routes: unknown): unknown {
  if (!Array.isArray(routes)) return routes;
  return routes.map((route: unknown) =>
    Array.isArray(route)
      ? route.map(([key, to]: [string, unknown]) => [...[key.startsWith('re:') ? new RegExp(key.slice(3)) : key, to]])
      : route,
  );
}
