import type { StoredEntries } from '../../contracts/store/stored-entries.ts';
import type { StateStore, Store } from '../../contracts/store/store.ts';
import { type OpenedBroker, openStores, type StoreOptions } from '../../drivers/open-store.ts';
import type { CatchUpPolicy } from '../../entries/planning/catch-up.ts';
import type { Clock } from '../../util/clock.ts';
import { OutboxLedger } from './outbox-ledger.ts';
import type { PublisherOptions } from './term-publisher.ts';

/** Used if broker and state are two stores. */
export interface OutboxOptions extends Pick<PublisherOptions, 'reports'> {
  /** Finds the catch-up policies for messages in the outbox, by entry; the default policy unless given. */
  readonly findPolicies?:
    | ((names: readonly string[], stored: StoredEntries | undefined) => Promise<ReadonlyMap<string, CatchUpPolicy>>)
    | undefined;
}

/** Opens broker and state store, with an outbox if they are two. Throws a `ConfigError` for an invalid URL. */
export async function openStore(options: StoreOptions & OutboxOptions): Promise<Store> {
  const opened = await openStores(options);
  return opened.broker === null ? opened.store : withOutbox(opened.store, opened.broker, options);
}

/** Combines a store that holds the state with a broker that is another store. */
export function withOutbox(
  state: Omit<StateStore, 'instances'>,
  { broker, checkHealth, findSchedulers }: OpenedBroker,
  { clock, reports, findPolicies }: OutboxOptions & { readonly clock: Clock },
): Store {
  const ledger = new OutboxLedger({
    outbox: state.ledger,
    broker,
    clock,
    reports,
    findPolicies: findPolicies && ((names) => findPolicies(names, state.entries)),
  });
  return {
    ...state,
    ledger,
    broker,
    relay: ledger,
    checkHealth: checkAll(state.checkHealth, checkHealth),
    findSchedulers: findInAll(state.findSchedulers, findSchedulers),
    close: async () => {
      await ledger.close();
      await state.close();
    },
  };
}

/** Checks clock and lock servers of the state store, and eviction in both stores. */
function checkAll(state: Store['checkHealth'], broker: Store['checkHealth']): Store['checkHealth'] {
  if (!state || !broker) return state ?? broker;
  return async () => {
    const [stateHealth, brokerHealth] = await Promise.all([state(), broker()]);
    return { ...stateHealth, eviction: stateHealth.eviction ?? brokerHealth.eviction };
  };
}

function findInAll(...stores: readonly Store['findSchedulers'][]): Store['findSchedulers'] {
  const present = stores.filter((find) => find !== undefined);
  if (present.length === 0) return undefined;
  return async () => (await Promise.all(present.map((find) => find()))).flat();
}
