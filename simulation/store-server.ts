import { memoryCommandLog } from '../src/drivers/memory/command-log.ts';
import { MemoryBroker } from '../src/drivers/memory/broker.ts';
import { MemoryHistory } from '../src/drivers/memory/history.ts';
import { type LedgerState, memoryLedger, type MemoryLedger, newLedgerState } from '../src/drivers/memory/ledger.ts';
import { type LockState, memoryLock, newLockState } from '../src/drivers/memory/lock.ts';
import { memoryStoredEntries } from '../src/drivers/memory/stored-entries.ts';
import type { Message } from '../src/celery/message/message.ts';
import type { CommandLog } from '../src/contracts/store/command-log.ts';
import type { HistoryLimits } from '../src/contracts/store/history.ts';
import type { Lock } from '../src/contracts/store/lock.ts';
import type { EntrySearch, StoredEntries } from '../src/contracts/store/stored-entries.ts';
import type { Clock } from '../src/util/clock.ts';
import type { Host } from './machine.ts';
import type { Server } from './network.ts';

/** A copy of everything that a store holds, but for published messages. */
export interface StoreSnapshot {
  readonly lock: Pick<LockState, 'holder' | 'until'>;
  readonly ledger: LedgerState;
}

/** A server that is lock, ledger and broker at once: the in-memory driver, behind a network, with a clock of its own. */
export class StoreServer implements Server {
  readonly name = 'store';
  isUp = true;
  readonly state: LedgerState = newLedgerState();
  /** Published messages, until they are taken. */
  readonly queue: Message[] = [];
  readonly lock: Lock;
  readonly ledger: MemoryLedger;
  readonly commands: CommandLog;
  readonly entries: StoredEntries & EntrySearch;
  readonly history: MemoryHistory;
  readonly limits: HistoryLimits;
  readonly #lock = newLockState();
  readonly #clock: Clock;

  constructor(host: Host, lockTtl: number, limits: HistoryLimits) {
    this.limits = limits;
    this.#clock = {
      now: () => host.now(),
      monotonic: () => host.monotonic(),
      sleep: () => Promise.reject(new Error('a store does not sleep')),
    };
    this.lock = memoryLock(this.#lock, lockTtl, this.#clock);
    this.ledger = memoryLedger(this.state, new MemoryBroker(this.queue), limits, this.#clock);
    this.commands = memoryCommandLog(this.state.commands);
    this.entries = memoryStoredEntries(this.state.entries);
    this.history = new MemoryHistory(this.state.history, limits, this.#clock);
  }

  /**
   * Begins a term. As on Redis and in databases, the token is at least the server's time in microseconds, so that it grows
   * although the last one was lost with the other data.
   */
  async beginTerm(): Promise<number> {
    this.state.lastTerm = Math.max(this.state.lastTerm, this.#clock.now() * 1_000);
    return this.ledger.beginTerm();
  }

  /** Copies all data, as the disk or a replica has it. */
  snapshot(): StoreSnapshot {
    const { entries, outbox, commands, history, instances, term, lastTerm } = this.state;
    return {
      lock: { holder: this.#lock.holder, until: this.#lock.until },
      ledger: {
        entries: new Map(entries),
        outbox: new Map(outbox),
        commands: { ...commands, pending: new Map(commands.pending), audit: new Map(commands.audit) },
        history: {
          entries: new Map(
            [...history.entries].map(([name, each]) => [name, { rows: new Map(each.rows), appended: each.appended }]),
          ),
          minutes: new Map([...history.minutes].map(([slot, counts]) => [slot, { ...counts }])),
        },
        instances: new Map(instances),
        term,
        lastTerm,
      },
    };
  }

  /** Replaces all data by a copy, or by nothing, as a server does that lost what came after. */
  restore(snapshot: StoreSnapshot | null): void {
    const { lock, ledger } = snapshot ?? { lock: newLockState(), ledger: newLedgerState() };
    this.#lock.holder = lock.holder;
    this.#lock.until = lock.until;
    const { entries, outbox, commands, history, instances } = this.state;
    replace(entries, ledger.entries);
    replace(outbox, ledger.outbox);
    replace(commands.pending, ledger.commands.pending);
    replace(commands.audit, ledger.commands.audit);
    replace(history.entries, ledger.history.entries);
    replace(history.minutes, ledger.history.minutes);
    replace(instances, ledger.instances);
    this.state.term = ledger.term;
    this.state.lastTerm = ledger.lastTerm;
  }
}

function replace<K, V>(map: Map<K, V>, by: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of by) map.set(key, value);
}
