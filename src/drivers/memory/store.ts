import type { Message } from '../../message/message.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../store/store.ts';
import { MemoryCommandLog } from './command-log.ts';
import { MemoryStoredEntries } from './stored-entries.ts';
import { MemoryBroker } from './broker.ts';
import type { LedgerState } from './ledger.ts';
import { MemoryLedger, newLedgerState } from './ledger.ts';
import type { LockState } from './lock.ts';
import { MemoryLock, newLockState } from './lock.ts';

/** A store whose parts a test may look into. */
export interface MemoryStore extends StateStore {
  readonly lock: MemoryLock;
  readonly ledger: MemoryLedger;
  readonly broker: MemoryBroker;
}

interface State {
  readonly lock: LockState;
  readonly ledger: LedgerState;
}

/** One memory that several stores may share: one set of queues, and a state per key prefix. */
interface Place {
  readonly messages: Message[];
  readonly states: Map<string, State>;
}

const places = new Map<string, Place>();

/**
 * `memory://` is a place of its own. Stores opened with one name (`memory://name`) share one, and it
 * lasts as long as the process: they exclude one another, and find again what an earlier one left.
 */
export function openMemoryStore(options: StateStoreOptions): MemoryStore {
  const { messages, states } = placeNamed(/^memory:\/\/(.*)$/i.exec(options.brokerUrl)?.[1] ?? '');
  const state = states.get(options.keyPrefix) ?? {
    lock: newLockState(),
    ledger: newLedgerState(),
  };
  states.set(options.keyPrefix, state);

  const broker = new MemoryBroker(messages);
  return {
    lock: new MemoryLock(state.lock, options.lockTtl, options.clock),
    ledger: new MemoryLedger(state.ledger, broker),
    commands: new MemoryCommandLog(state.ledger.commands),
    entries: new MemoryStoredEntries(state.ledger.stored),
    broker,
    close: async () => {},
  };
}

function placeNamed(name: string): Place {
  const place = places.get(name) ?? { messages: [], states: new Map() };
  if (name !== '') places.set(name, place);
  return place;
}

export const memoryDriver: StateDriver = { open: openMemoryStore, normalize: (url) => url };
