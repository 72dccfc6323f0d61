import { BeatError, ConfigError } from '../../util/errors.ts';
import { inspectArgument } from '../../message/arguments.ts';
import type { MessageOptions } from '../../message/message.ts';
import { formatDestination } from '../../message/destination.ts';
import { Queues, type QueueRules } from '../../routing/queues.ts';
import { findRoutingWarnings } from '../../routing/routing-warnings.ts';
import { Router, type Routed, type RouteRules } from '../../routing/router.ts';
import type { Report } from '../validate.ts';
import { limitsOf, type CheckLimits } from './broker-limits.ts';
import { findDriver, type Driver } from '../../drivers/table.ts';

/** One task as it will be called. */
export interface TriedTask {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: MessageOptions;
  /** Where the arguments depend on the occurrence: a route cannot be asked about what is not known yet. */
  readonly compute?: unknown;
}

/** Sends every task of a configuration on its way, but for the last step: what would go wrong is told at load. */
export class RouteTrial {
  readonly #queues: Queues;
  readonly #router: Router;
  /** `null` for a URL that is an error of its own. */
  readonly #driver: Driver | null;
  readonly #checkLimits: CheckLimits;
  readonly #reportRoutes: Report;
  readonly #reported = new Set<string>();

  /** `report` is for errors of the routes themselves. */
  constructor(queues: QueueRules, routes: RouteRules, brokerUrl: string, report: Report) {
    this.#queues = new Queues(queues);
    this.#router = new Router(this.#queues, routes);
    this.#driver = findDriver(brokerUrl);
    this.#checkLimits = limitsOf(brokerUrl);
    this.#reportRoutes = report;
  }

  /** Paths are those of the task's options, below the entry. */
  try(tried: TriedTask, report: Report, warn: Report): void {
    const { task, args, kwargs, options } = tried;
    let routed: Routed;
    try {
      if (options.queue !== undefined) this.#queues.get(options.queue);
      if (tried.compute) return this.#checkLimits({ task, options }, report);
      routed = this.#router.route(task, args, kwargs, options);
    } catch (error) {
      this.#tell(error, tried, report);
      return;
    }
    this.#checkArguments(tried, routed, report);
    this.#checkLimits({ task, options, routed }, report);
    const where = (option: 'exchange' | 'routingKey' | 'queue') =>
      options[option] === undefined ? [] : ['options', option];
    const impossible = this.#impossible(routed);
    if (impossible !== null) {
      report(where(options.exchange === undefined ? 'queue' : 'exchange'), impossible);
      return;
    }
    const isConfigured = !(this.#driver?.bindings ?? true);
    for (const { option, message } of findRoutingWarnings(routed, this.#queues)) {
      const isLost = routed.destination.exchange !== '';
      if (isConfigured && isLost)
        report(where('exchange'), `${formatDestination(routed.destination)} ${UNBOUND}`);
      else warn(option === null ? [] : where(option), message);
    }
  }

  /** The entry's own serializer, and the settings', were looked at before. */
  #checkArguments({ args, kwargs, options }: TriedTask, routed: Routed, report: Report): void {
    const { serializer } = routed.options;
    if (serializer === undefined || serializer === options.serializer) return;
    const note: Report = (path, message) => {
      report(path, `${message} (${serializer} is what its route says)`);
    };
    inspectArgument(args, ['args'], note, serializer);
    inspectArgument(kwargs, ['kwargs'], note, serializer);
  }

  /** Problems of a route are told once each, however many tasks meet them. */
  #tell(error: unknown, { task, options: { queue } }: TriedTask, report: Report): void {
    if (error instanceof ConfigError) {
      for (const { path, message } of error.errors) {
        const problem = JSON.stringify([path, message.replace(JSON.stringify(task), '')]);
        if (!this.#reported.has(problem)) this.#reportRoutes(path, message);
        this.#reported.add(problem);
      }
    } else if (error instanceof BeatError) {
      report(queue === undefined ? [] : ['options', 'queue'], error.message);
    } else {
      throw error;
    }
  }

  /** What this broker has no way to do. */
  #impossible({ destination }: Routed): string | null {
    const { exchangeType } = destination;
    const driver = this.#driver;
    if (!driver || destination.exchange === '') return null;
    if (exchangeType === 'fanout' && !driver.fanoutExchanges)
      return `${formatDestination(destination)} ${NO_FANOUT}`;
    if (exchangeType !== 'headers' || driver.headersExchanges) return null;
    return `${formatDestination(destination)} is a headers exchange, which kombu does not have on ${driver.title}`;
  }
}

const UNBOUND =
  'has no queue in taskQueues that is bound to it by this key, and here there is no other way to find one';
const NO_FANOUT =
  'is a fanout exchange, which kombu does not have on SQL; name a queue, or use Redis or RabbitMQ';
