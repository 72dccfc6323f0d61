import type { CatchUpPolicy } from '../../entries/planning/catch-up.ts';
import { Catalog, type Replacement } from '../../entries/catalog/catalog.ts';
import type { MessageContext, TraceRun } from '../../entries/compose/message-context.ts';
import { Queues } from '../../celery/routing/queues.ts';
import { Router } from '../../celery/routing/router.ts';
import { findReadable } from '../scheduling/scheduled-entries.ts';
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
  /** Only `replace` sets it. */
  settings: Settings;
  messageContext: MessageContext;

  constructor(settings: Settings, sender: Sender) {
    this.catalog = new Catalog(settings.entries);
    this.queues = new Queues(settings.queues);
    this.#sender = sender;
    this.settings = settings;
    this.messageContext = this.#createContext(settings);
  }

  /**
   * Finds the catch-up policies that the outbox relay applies, by the names of entries. Stored entries are read from their
   * store, because the entries of delayed messages are rarely in memory. An entry that is gone, or unreadable, has none.
   */
  readonly findPolicies = async (
    names: readonly string[],
    entries: StoredEntries | undefined,
  ): Promise<ReadonlyMap<string, CatchUpPolicy>> => {
    const declared = names.flatMap((name) => this.catalog.find(name) ?? []);
    const others = names.filter((name) => !this.catalog.find(name));
    const definitions = () => this.settings.definitions;
    const stored = entries ? await findReadable({ entries, definitions }, others) : [];
    const found = [...declared, ...stored.map(({ entry }) => entry)];
    return new Map(found.map((entry) => [entry.name, entry]));
  };

  /** Traces all runs that are rendered from now on. */
  trace(traceRun: TraceRun): void {
    this.#traceRun = traceRun;
    this.messageContext = this.#createContext(this.settings);
  }

  /** Applies settings. `entries` compares their entries with those of `catalog`. */
  replace(settings: Settings, entries: Replacement): void {
    this.settings = settings;
    this.queues.replace(settings.queues);
    this.messageContext = this.#createContext(settings);
    this.catalog.replace(entries);
  }

  #createContext({ timezone, keyPrefix, encoding, protocol, routes }: Settings): MessageContext {
    const router = new Router(this.queues, routes);
    return { timezone, keyPrefix, encoding, protocol, router, traceRun: this.#traceRun, ...this.#sender };
  }
}
