import type { Commit } from '../src/contracts/store/commit.ts';
import type { Broker } from '../src/contracts/broker/broker.ts';
import type { Lease } from '../src/contracts/store/lock.ts';
import type { StateStore } from '../src/contracts/store/store.ts';
import type { ResultReader } from '../src/contracts/store/results.ts';
import type { StoreError } from '../src/util/errors.ts';
import type { BrokerServer } from './broker-server.ts';
import type { Invariants } from './invariants.ts';
import type { Process } from './machine.ts';
import { Connection, type Network } from './network.ts';
import type { StoreServer } from './store-server.ts';
import type { Workers } from './workers.ts';

/** What the connections of a process need. */
export interface Wiring {
  readonly network: Network;
  readonly store: StoreServer;
  /** Sees each call when the store applies it. */
  readonly invariants: Invariants;
}

/** Connects a process to the store: every method is a request and an answer that travel. */
export function connectStore(process: Process, { network, store, invariants }: Wiring): Omit<StateStore, 'instances'> {
  const connections = { lock: new Connection(), ledger: new Connection(), log: new Connection() };
  const call = <T>(connection: Connection, operation: string, perform: () => Promise<T>): Promise<T> =>
    network.call(process, store, connection, operation, perform);
  const { lock, ledger, log } = connections;
  /** When the lease was requested last, on the process's monotonic clock. */
  let leaseFrom = -Infinity;
  const commit = <T extends { readonly kind: string }>(operation: string, given: Commit, perform: () => Promise<T>) => {
    invariants.commitIsSent(process, given.token, process.clock.monotonic() - leaseFrom);
    return call(ledger, operation, () => invariants.commit(process, given, perform));
  };
  return {
    lock: {
      async acquire() {
        const at = process.clock.monotonic();
        const lease = await call(lock, 'lock.acquire', () => store.lock.acquire());
        if (!lease) return null;
        leaseFrom = at;
        const held: Lease = {
          renew: async () => {
            const renewedAt = process.clock.monotonic();
            const isHeld = await call(lock, 'lock.renew', () => lease.renew());
            if (isHeld) leaseFrom = renewedAt;
            return isHeld;
          },
          release: () => call(lock, 'lock.release', () => lease.release()),
        };
        return held;
      },
      waitForRelease: (signal) => network.subscribe(process, store, (end) => store.lock.waitForRelease(end), signal),
      close: async () => {},
    },
    ledger: {
      batch: { size: 20, inFlight: 2 },
      load: (unreadable) =>
        states((report) => call(ledger, 'ledger.load', () => store.ledger.load(report)), unreadable),
      findStates: (names, unreadable) =>
        states((report) => call(ledger, 'ledger.findStates', () => store.ledger.findStates(names, report)), unreadable),
      beginTerm: () =>
        call(ledger, 'ledger.beginTerm', async () => {
          const token = await store.beginTerm();
          invariants.termBegins(process, token);
          network.releaseHeld();
          return token;
        }),
      commit: (given) => commit('ledger.commit', given, () => store.ledger.commit(given)),
      append: (given) => commit('outbox.append', given, () => store.ledger.append(given)),
      pending: (limit, after) => call(ledger, 'outbox.pending', () => store.ledger.pending(limit, after)),
      remove: (token, ids, rows = []) =>
        call(ledger, 'outbox.remove', () =>
          invariants.removal(process, { token, ids, rows }, () => store.ledger.remove(token, ids, rows)),
        ),
      removeState: (token, entry) => call(ledger, 'ledger.removeState', () => store.ledger.removeState(token, entry)),
      close: async () => {},
    },
    broker: {
      publish: (messages) =>
        call(ledger, 'broker.publish', () => Promise.reject(new Error(`${messages.length} messages`))),
      announce: () => call(ledger, 'broker.announce', () => Promise.resolve()),
      close: async () => {},
    },
    commands: {
      append: (json) =>
        call(log, 'commands.append', () => invariants.commandArrives(json, () => store.commands.append(json))),
      pending: (limit) => call(log, 'commands.pending', () => store.commands.pending(limit)),
      findAudit: (ids) => call(log, 'commands.findAudit', () => store.commands.findAudit(ids)),
      readAudit: (limit) => call(log, 'commands.readAudit', () => store.commands.readAudit(limit)),
      removeAudit: (id) => call(log, 'commands.removeAudit', () => store.commands.removeAudit(id)),
      waitForCommand: (signal) =>
        network.subscribe(process, store, (end) => store.commands.waitForCommand(end), signal),
    },
    entries: {
      find: (names) => call(log, 'entries.find', () => store.entries.find(names)),
      page: (options) => call(log, 'entries.page', () => store.entries.page(options)),
      positions: (options) => call(log, 'entries.positions', () => store.entries.positions(options)),
      findByPrefix: (prefix, options) =>
        call(log, 'entries.findByPrefix', () => store.entries.findByPrefix(prefix, options)),
    },
    history: {
      read: (entry, options) => call(log, 'history.read', () => store.history.read(entry, options)),
      latest: (entries, limit) => call(log, 'history.latest', () => store.history.latest(entries, limit)),
      minutes: (from, to) => call(log, 'history.minutes', () => store.history.minutes(from, to)),
      append: (rows) => call(log, 'history.append', () => store.history.append(rows)),
      removeRows: (entry, positions) =>
        call(log, 'history.removeRows', () => store.history.removeRows(entry, positions)),
    },
    close: async () => {},
  };
}

/** Connects a process to a broker that is another server. */
export function connectBroker(process: Process, network: Network, broker: BrokerServer): Broker {
  const connection = new Connection();
  return {
    publish: (messages) => network.call(process, broker, connection, 'broker.publish', () => broker.publish(messages)),
    announce: () => network.call(process, broker, connection, 'broker.announce', () => broker.announce()),
    close: async () => {},
  };
}

/** Connects a process to the result backend of the workers. */
export function connectResults(process: Process, network: Network, workers: Workers): ResultReader {
  const connection = new Connection();
  return {
    read: (taskIds) => network.call(process, workers, connection, 'results.read', () => workers.read(taskIds)),
    close: async () => {},
  };
}

/** Unreadable states are reported to the process when the answer has arrived. */
async function states<T>(
  read: (report: (entry: string, error: StoreError) => void) => Promise<T>,
  unreadable: ((entry: string, error: StoreError) => void) | undefined,
): Promise<T> {
  const found: [string, StoreError][] = [];
  const result = await read((entry, error) => found.push([entry, error]));
  for (const [entry, error] of found) {
    if (!unreadable) throw error;
    unreadable(entry, error);
  }
  return result;
}
