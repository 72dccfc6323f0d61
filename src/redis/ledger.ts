import { StoreError } from '../errors.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { decodeRecord, encodeRecord } from '../ledger/ledger.ts';
import type { KeepOutcome, KeptMessage, Outbox } from '../ledger/outbox.ts';
import { keptMessages } from '../ledger/outbox.ts';
import { decodeMessage, encodeMessage } from '../message/text.ts';
import { nameOf } from '../routing/destination.ts';
import type { Bindings } from './bindings.ts';
import type { Connection } from './connection.ts';
import { Pushes, unheardOf, type Told } from './envelopes.ts';
import type { Keys } from './keys.ts';
import type { Script } from './scripts.ts';
import { BEGIN_TERM, CHECK, COMMIT, FORGET, KEEP, run } from './scripts.ts';

/** Records that one HSCAN brings: Redis serves others between two of them. */
const SCAN_COUNT = 1_000;

/** What the scripts that commit answer; positions count from 1. */
type Reply = ['conflict', number[]] | ['committed', number[]?] | ['declined'] | null;

/**
 * A queue's key that is no list, or that this user may not write: found before the script writes anything,
 * and found again whenever it is asked.
 */
const DECLINED = /\b(WRONGTYPE|NOPERM)\b/;

/**
 * A ledger in Redis. For a broker in the same database it sends and records in one script; for any other
 * it is an outbox too.
 */
export class RedisLedger implements Ledger, Outbox {
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
    return this.#run<number>('ledger.beginTerm', BEGIN_TERM, [this.#keys.term], []);
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const keys = [this.#keys.term, this.#keys.records];
    const args = headOf(term, changes);
    const messages = changes.flatMap((change) => change.messages);
    const bindings = await this.#bindings.readFor(messages, this.#connection, 'ledger.commit');
    const pushes = new Pushes(this.#keys, bindings);
    for (const message of messages) pushes.add(message);
    const [lost] = pushes.lost;
    try {
      if (lost) {
        // It may have been sent all the same, by an earlier run of this commit.
        const reply = await this.#run<Reply>('ledger.commit', CHECK, keys, args);
        const reason = `ledger.commit: ${nameOf(lost.destination)}: ${bindings.explain(lost)}`;
        return refusalIn(reply, changes) ?? declinedIn(reply, reason) ?? { kind: 'committed' };
      }
      addTo(keys, args, pushes);
      const reply = await this.#run<Reply>('ledger.commit', COMMIT, keys, args);
      return refusalIn(reply, changes) ?? committed(reply, pushes.told);
    } catch (error) {
      if (!(error instanceof StoreError) || !DECLINED.test(String(error.cause))) throw error;
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

/** The keys and arguments of `COMMIT`, from where `headOf` ends. */
function addTo(keys: string[], args: string[], { told, lists, declarations }: Pushes): void {
  args.push(String(told.length));
  for (const { channel, envelope } of told) args.push(channel, envelope);
  args.push(String(lists.size));
  for (const [list, envelopes] of lists) {
    keys.push(list);
    args.push(String(envelopes.length));
    for (const envelope of envelopes) args.push(envelope);
  }
  for (const { key, member } of declarations) {
    keys.push(key);
    args.push(member);
  }
}

function committed(reply: Reply, told: readonly Told[]): CommitOutcome {
  const silent = new Set(reply?.[0] === 'committed' ? reply[1] : []);
  if (silent.size === 0) return { kind: 'committed' };
  const unheard = unheardOf(told, (i) => !silent.has(i + 1));
  return { kind: 'committed', ...(unheard.length > 0 && { unheard }) };
}
