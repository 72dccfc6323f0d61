import type { CatchUpPolicy } from '../../entries/planning/catch-up.ts';
import { Catalog, type Replacement } from '../../entries/catalog/catalog.ts';
import type { MessageContext, TraceRun } from '../../entries/compose/message-context.ts';
import { Queues } from '../../celery/routing/queues.ts';
import { Router } from '../../celery/routing/router.ts';
import { findPolicies } from '../scheduling/find-policies.ts';
import type { StoredEntries } from '../../contracts/store/stored-entries.ts';
import type { Settings } from '../../config/settings.ts';

/** The names under which an instance publishes: see `MessageContext`. */
export type Sender = Pick<MessageContext, 'origin' | 'replyTo'>;

/**
 * The current settings, and the objects created from them. `replace` swaps all of them in one step. Components read
 * what they need at each use, so that none uses an earlier configuration.
 */
export class LiveSettings {
  readonly catalog: Catalog;
  readonly queues: Queues;
  readonly #sender: Sender;
  #traceRun: TraceRun | undefined;
  #settings: Settings;
  #messageContext: MessageContext;

  constructor(settings: Settings, sender: Sender) {
    this.catalog = new Catalog(settings.entries);
    this.queues = new Queues(settings.queues);
    this.#sender = sender;
    this.#settings = settings;
    this.#messageContext = this.#createContext(settings);
  }

  get settings(): Settings {
    return this.#settings;
  }

  get messageContext(): MessageContext {
    return this.#messageContext;
  }

  /** The catch-up policies that the outbox relay applies. */
  readonly findPolicies = (
    names: readonly string[],
    entries: StoredEntries | undefined,
  ): Promise<ReadonlyMap<string, CatchUpPolicy>> => {
    const definitions = () => this.#settings.definitions;
    return findPolicies(names, this.catalog, entries && { entries, definitions });
  };

  /** Traces the runs whose messages are made from now on. */
  trace(traceRun: TraceRun): void {
    this.#traceRun = traceRun;
    this.#messageContext = this.#createContext(this.#settings);
  }

  /** Puts settings into force whose entries were compared with those of `catalog`. */
  replace(settings: Settings, entries: Replacement): void {
    this.#settings = settings;
    this.queues.replace(settings.queues);
    this.#messageContext = this.#createContext(settings);
    this.catalog.replace(entries);
  }

  #createContext({ timezone, keyPrefix, encoding, protocol, routes }: Settings): MessageContext {
    const router = new Router(this.queues, routes);
    const traceRun = this.#traceRun;
    return { timezone, keyPrefix, encoding, protocol, router, traceRun, ...this.#sender };
  }
}
