import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { decodeRecord, encodeRecord } from '../ledger/ledger.ts';
import type { Connection } from './connection.ts';
import { Pushes } from './envelopes.ts';
import type { Keys } from './keys.ts';
import { BEGIN_TERM, COMMIT, run } from './scripts.ts';

/** Records that one HSCAN brings: Redis serves others between two of them. */
const SCAN_COUNT = 1_000;

/** A ledger in the broker's own Redis, so that to send and to record is one script. */
export class RedisLedger implements Ledger {
  /**
   * Small enough for one write to the socket, so that this process makes the next while Redis works on the
   * last, and others never wait long for a script to end. Larger ones are slower, more in flight no faster.
   */
  readonly batch = { size: 64, inFlight: 16 };
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async load(): Promise<Map<string, LedgerRecord>> {
    const records = new Map<string, LedgerRecord>();
    let cursor = '0';
    do {
      const [next, found] = await this.#connection.run('ledger.load', (client) =>
        client.hscan(this.#keys.records, cursor, 'COUNT', SCAN_COUNT),
      );
      for (let i = 0; i < found.length; i += 2) {
        const entry = found[i]!;
        records.set(entry, decodeRecord(entry, found[i + 1]!));
      }
      cursor = next;
    } while (cursor !== '0');
    return records;
  }

  async beginTerm(): Promise<number> {
    return this.#connection.run(
      'ledger.beginTerm',
      (client) => run(client, BEGIN_TERM, [this.#keys.term], []) as Promise<number>,
    );
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const { keys, args } = this.#arguments(term, changes);
    const conflicts = await this.#connection.run(
      'ledger.commit',
      (client) => run(client, COMMIT, keys, args) as Promise<number[] | null>,
    );
    if (conflicts === null) return { kind: 'superseded' };
    if (conflicts.length === 0) return { kind: 'committed' };
    return { kind: 'conflict', entries: conflicts.map((i) => changes[i - 1]!.entry) };
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** As `COMMIT` wants them. */
  #arguments(term: number, changes: readonly Change[]): { keys: string[]; args: string[] } {
    const keys = [this.#keys.term, this.#keys.records];
    const args = [String(term), String(changes.length)];
    const pushes = new Pushes(this.#keys);
    for (const { entry, record, messages } of changes) {
      args.push(entry, encodeRecord(record));
      for (const message of messages) pushes.add(message);
    }
    for (const { expected } of changes) args.push(expected ? encodeRecord(expected) : '');
    for (const { list, queue, envelopes } of pushes) {
      keys.push(list, this.#keys.binding(queue));
      args.push(this.#keys.bindingMember(queue), String(envelopes.length));
      for (const envelope of envelopes) args.push(envelope);
    }
    return { keys, args };
  }
}
