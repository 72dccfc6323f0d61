import { StoreError } from '../../util/errors.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../../store/ledger.ts';
import type { OnUnreadable, RecordRemoval } from '../../store/ledger.ts';
import { addRecord, encodeRecord } from '../../store/ledger.ts';
import type { KeepOutcome, KeptMessage, Outbox } from '../../store/outbox.ts';
import { keptMessages } from '../../store/outbox.ts';
import { decodeMessage, encodeMessage } from '../../message/text.ts';
import { nameOf } from '../../message/destination.ts';
import type { Bindings } from './bindings.ts';
import type { Connection } from './connection.ts';
import { Pushes, unheardOf, type Told } from './envelopes.ts';
import type { Keys } from './keys.ts';
import { FORGET, KEEP } from './outbox-scripts.ts';
import { isAboutKeys } from './rights.ts';
import { run, type Script } from './script.ts';
import { BEGIN_TERM, CHECK, COMMIT, REMOVE_RECORD } from './scripts.ts';

/** Records that one HSCAN brings: Redis serves others between two of them. */
const SCAN_COUNT = 1_000;

/** What the scripts that commit answer; positions count from 1. */
type Reply = ['conflict', number[]] | ['committed', number[]?] | ['declined'] | null;

/**
 * A ledger in Redis. For a broker in the same database it sends and records in one script; for any other
 * it is an outbox too.
 */
export class RedisLedger implements Ledger, Outbox, RecordRemoval {
  /**
   * Small enough for one write to the socket, so that this process makes the next while Redis works on the
   * last, and others never wait long for a script to end. Larger ones are slower, more in flight no faster.
   */
  readonly batch = { size: 64, inFlight: 16 };
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #bindings: Bindings;

  constructor(connection: Connection, keys: Keys, bindings: Bindings) {
    this.#connection = connection;
    this.#keys = keys;
    this.#bindings = bindings;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, LedgerRecord>> {
    const records = new Map<string, LedgerRecord>();
    let cursor = '0';
    do {
      const [next, found] = await this.#connection.run('ledger.load', (client) =>
        client.hscan(this.#keys.records, cursor, 'COUNT', SCAN_COUNT),
      );
      for (let i = 0; i < found.length; i += 2) {
        addRecord(records, found[i]!, found[i + 1]!, unreadable);
      }
      cursor = next;
    } while (cursor !== '0');
    return records;
  }

  async beginTerm(): Promise<number> {
    const { term, records } = this.#keys;
    return this.#run<number>('ledger.beginTerm', BEGIN_TERM, [term, records], []);
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const keys = [this.#keys.term, this.#keys.records];
    const args = headOf(term, changes);
    const messages = changes.flatMap((change) => change.messages);
    try {
      const bindings = await this.#bindings.readFor(messages, this.#connection, 'ledger.commit');
      const pushes = new Pushes(this.#keys, bindings);
      for (const message of messages) pushes.add(message);
      const [lost] = pushes.lost;
      if (lost) {
        // It may have been sent all the same, by an earlier run of this commit.
        const reply = await this.#run<Reply>('ledger.commit', CHECK, keys, args);
        const reason = `ledger.commit: ${nameOf(lost.destination)}: ${bindings.explain(lost)}`;
        return refusalIn(reply, changes) ?? declinedIn(reply, reason) ?? { kind: 'committed' };
      }
      pushes.addTo(keys, args);
      const reply = await this.#run<Reply>('ledger.commit', COMMIT, keys, args);
      return refusalIn(reply, changes) ?? committed(reply, pushes.told);
    } catch (error) {
      // What is wrong with the ledger's own keys is no entry's fault.
      if (!(error instanceof StoreError) || !isAboutKeys(error.cause, keys.slice(0, 2)))
        throw error;
      return { kind: 'declined', reason: error.message };
    }
  }

  async keep(term: number, changes: readonly Change[]): Promise<KeepOutcome> {
    const { term: termKey, records, outboxOrder, outbox } = this.#keys;
    const args = headOf(term, changes);
    const kept = keptMessages(changes);
    for (const { id, message } of kept) args.push(id, encodeMessage(message));
    const keys = [termKey, records, outboxOrder, outbox];
    const reply = await this.#run<Reply>('outbox.keep', KEEP, keys, args);
    const refused = refusalIn(reply, changes);
    if (refused) return refused;
    const gone = new Set(reply?.[1]);
    return { kind: 'committed', kept: kept.filter((_, i) => !gone.has(i + 1)) };
  }

  async kept(limit: number, after: string): Promise<readonly KeptMessage[]> {
    const { outboxOrder, outbox } = this.#keys;
    return this.#connection.run('outbox.kept', async (client) => {
      const from = after === '' ? '-' : `(${after}`;
      const ids = await client.zrangebylex(outboxOrder, from, '+', 'LIMIT', 0, limit);
      if (ids.length === 0) return [];
      const texts = await client.hmget(outbox, ...ids);
      return ids.flatMap((id, i) => {
        const text = texts[i];
        return text ? [{ id, message: decodeMessage(text) }] : [];
      });
    });
  }

  async forget(term: number, ids: readonly string[]): Promise<boolean> {
    const { term: termKey, outboxOrder, outbox } = this.#keys;
    const keys = [termKey, outboxOrder, outbox];
    return (await this.#run<number>('outbox.forget', FORGET, keys, [String(term), ...ids])) === 1;
  }

  async removeRecord(term: number, entry: string): Promise<boolean> {
    const keys = [this.#keys.term, this.#keys.records];
    const args = [String(term), entry];
    return (await this.#run<number>('ledger.removeRecord', REMOVE_RECORD, keys, args)) === 1;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #run<T>(operation: string, script: Script, keys: string[], args: string[]): Promise<T> {
    return this.#connection.run(
      operation,
      (client) => run(client, script, keys, args) as Promise<T>,
    );
  }
}

/** The arguments that `COMMIT` and `KEEP` have in common. */
function headOf(term: number, changes: readonly Change[]): string[] {
  const args = [String(term), String(changes.length)];
  for (const { entry, record } of changes) args.push(entry, encodeRecord(record));
  for (const { expected } of changes) args.push(expected ? encodeRecord(expected) : '');
  return args;
}

/** Why nothing was done; `null` when it was. */
function refusalIn(
  reply: Reply,
  changes: readonly Change[],
): Exclude<CommitOutcome, { kind: 'committed' }> | null {
  if (reply === null) return { kind: 'superseded' };
  if (reply[0] !== 'conflict') return null;
  return { kind: 'conflict', entries: reply[1].map((i) => changes[i - 1]!.entry) };
}

function declinedIn(reply: Reply, reason: string): CommitOutcome | null {
  return reply?.[0] === 'declined' ? { kind: 'declined', reason } : null;
}

function committed(reply: Reply, told: readonly Told[]): CommitOutcome {
  const unheard = unheardOf(told, reply?.[0] === 'committed' ? reply[1] : []);
  return { kind: 'committed', ...(unheard.length > 0 && { unheard }) };
}
