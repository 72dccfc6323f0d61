import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import type { Message } from '../../celery/message/message.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../contracts/store/store.ts';
import { memoryCommandLog } from './command-log.ts';
import { isGone, readInstances, type Instances } from '../../contracts/store/instances.ts';
import { DEFAULT_HISTORY } from '../../contracts/store/history.ts';
import { MemoryHistory } from './history.ts';
import { memoryStoredEntries } from './stored-entries.ts';
import { MemoryBroker } from './broker.ts';
import { memoryLedger, newLedgerState, type LedgerState, type MemoryLedger } from './ledger.ts';
import type { Clock } from '../../util/clock.ts';
import { memoryLock, newLockState, type LockState } from './lock.ts';

/** A store with the types of its in-memory parts, for tests. */
export interface MemoryStore extends StateStore {
  readonly ledger: MemoryLedger;
  readonly broker: MemoryBroker;
}

/** Memory that several stores may share: one set of messages, and a state per key prefix. */
interface SharedMemory {
  readonly messages: Message[];
  readonly states: Map<string, { readonly lock: LockState; readonly ledger: LedgerState }>;
}

const memories = new Map<string, SharedMemory>();

/** Opens a store in memory. Stores of one name (`memory://name`) share a memory while the process runs. */
export function openMemoryStore(options: StateStoreOptions): MemoryStore {
  const { messages, states } = findMemory(options.server);
  const state = states.get(options.keyPrefix) ?? { lock: newLockState(), ledger: newLedgerState() };
  states.set(options.keyPrefix, state);

  const { clock, history: limits = DEFAULT_HISTORY } = options;
  const broker = new MemoryBroker(messages);
  return {
    lock: memoryLock(state.lock, options.lockTtl, clock),
    ledger: memoryLedger(state.ledger, broker, limits, clock),
    commands: memoryCommandLog(state.ledger.commands),
    entries: memoryStoredEntries(state.ledger.entries),
    instances: memoryInstances(state.ledger.instances, clock),
    history: limits ? new MemoryHistory(state.ledger.history, limits, clock) : undefined,
    broker,
    close: async () => {},
  };
}

export function findMemory({ url }: ServerUrl): SharedMemory {
  const name = /^\w+:\/\/(.*)$/.exec(url)?.[1] ?? '';
  const memory = memories.get(name) ?? { messages: [], states: new Map() };
  if (name !== '') memories.set(name, memory);
  return memory;
}

export const memoryDriver: StateDriver = { open: openMemoryStore, normalize: ({ url }) => url };

function memoryInstances(state: LedgerState['instances'], clock: Clock): Instances {
  return {
    async announce(announcement) {
      const now = clock.now();
      for (const [id, { seenAt }] of state) if (isGone(now - seenAt)) state.delete(id);
      state.set(announcement.id, { json: JSON.stringify(announcement), seenAt: now });
    },
    withdraw: async (id) => void state.delete(id),
    async list() {
      const now = clock.now();
      return readInstances([...state].map(([id, { json, seenAt }]) => ({ id, json, seenAgoMs: now - seenAt })));
    },
  };
}
