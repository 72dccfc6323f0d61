import { inspectArgument } from '../../celery/message/arguments.ts';
import { formatDestination } from '../../celery/message/destination.ts';
import type { MessageOptions } from '../../celery/message/message.ts';
import { Queues, type QueueRules } from '../../celery/routing/queues.ts';
import { findRoutingWarnings, Router, type Routed, type RouteRules } from '../../celery/routing/router.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { Driver } from '../../drivers/table.ts';
import { BeatError, ConfigError } from '../../util/errors.ts';
import type { Report } from '../validate.ts';
import { brokerLimits, type CheckLimits } from './broker-limits.ts';

/** One task as an entry calls it. */
interface CheckedTask {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: MessageOptions;
  /** Present if the arguments depend on the occurrence: then a route cannot be computed at load. */
  readonly compute?: unknown;
}

/** Routes every task of a configuration without publishing it, so that errors are reported at load. */
export class RouteChecker {
  readonly #queues: Queues;
  readonly #router: Router;
  /** `null` for an unsupported URL, which another check reports. */
  readonly #driver: Driver | null;
  readonly #checkLimits: CheckLimits;
  readonly #reportRoutes: Report;
  readonly #reported = new Set<string>();

  /** `report` is for errors of the routes themselves. */
  constructor(queues: QueueRules, routes: RouteRules, broker: Endpoint, report: Report) {
    this.#queues = new Queues(queues);
    this.#router = new Router(this.#queues, routes);
    this.#driver = broker.driver;
    this.#checkLimits = brokerLimits(broker);
    this.#reportRoutes = report;
  }

  /** Reports errors and warnings with paths from the entry. */
  check(checked: CheckedTask, report: Report, warn: Report): void {
    const { task, args, kwargs, options } = checked;
    let routed: Routed;
    try {
      if (options.queue !== undefined) this.#queues.get(options.queue);
      if (checked.compute) return this.#checkLimits({ task, options }, report);
      routed = this.#router.route(task, args, kwargs, options);
    } catch (error) {
      this.#reportThrown(error, checked, report);
      return;
    }
    this.#checkArguments(checked, routed, report);
    this.#checkLimits({ task, options, routed }, report);
    const pathTo = (option: 'exchange' | 'routingKey' | 'queue') =>
      options[option] === undefined ? [] : ['options', option];
    const unsupported = this.#explainUnsupported(routed);
    if (unsupported !== null) {
      report(pathTo(options.exchange === undefined ? 'queue' : 'exchange'), unsupported);
      return;
    }
    const isStatic = this.#driver !== null && !this.#driver.bindings;
    for (const { option, message } of findRoutingWarnings(routed, this.#queues)) {
      const isLost = routed.destination.exchange !== '';
      if (isStatic && isLost) report(pathTo('exchange'), `${formatDestination(routed.destination)} ${UNBOUND}`);
      else warn(option === null ? [] : pathTo(option), message);
    }
  }

  #checkArguments({ args, kwargs, options }: CheckedTask, routed: Routed, report: Report): void {
    const { serializer } = routed.options;
    if (serializer === undefined || serializer === options.serializer) return;
    const reportRouted: Report = (path, message) => {
      report(path, `${message} (its route sets the serializer ${serializer})`);
    };
    inspectArgument(args, ['args'], reportRouted, serializer);
    inspectArgument(kwargs, ['kwargs'], reportRouted, serializer);
  }

  /** Reports each error of a route once, however many tasks use the route. */
  #reportThrown(error: unknown, { task, options: { queue } }: CheckedTask, report: Report): void {
    if (error instanceof ConfigError) {
      for (const { path, message } of error.errors) {
        const id = JSON.stringify([path, message.replace(JSON.stringify(task), '')]);
        if (!this.#reported.has(id)) this.#reportRoutes(path, message);
        this.#reported.add(id);
      }
    } else if (error instanceof BeatError) {
      report(queue === undefined ? [] : ['options', 'queue'], error.message);
    } else {
      throw error;
    }
  }

  /** Why this broker does not have such an exchange; `null` if it does. */
  #explainUnsupported({ destination }: Routed): string | null {
    const { exchangeType } = destination;
    const driver = this.#driver;
    if (!driver || destination.exchange === '') return null;
    if (exchangeType === 'fanout' && !driver.fanoutExchanges) return `${formatDestination(destination)} ${NO_FANOUT}`;
    if (exchangeType !== 'headers' || driver.headersExchanges) return null;
    return `${formatDestination(destination)} is a headers exchange, which kombu does not support on ${driver.title}`;
  }
}

const UNBOUND = 'has no queue in taskQueues that is bound to it by this key, and SQL brokers have no other bindings';
const NO_FANOUT = 'is a fanout exchange, which kombu does not support on SQL; name a queue, or use Redis or RabbitMQ';
