import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/util/clock.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { OutboxLedger } from '../../../src/outbox/outbox-ledger.ts';
import { OutboxRelay } from '../../../src/outbox/relay.ts';
import type { OutboxMessage, Outbox } from '../../../src/store/outbox.ts';
import type { RelayReports } from '../../../src/outbox/reports.ts';
import { DEFAULT_POLICY, type CatchUpPolicy } from '../../../src/catalog/catch-up.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../src/drivers/memory/store.ts';
import type { Message } from '../../../src/message/message.ts';
import { storeOptions } from '../../contract/place.ts';

type Step = 'append' | 'publish' | 'remove' | 'pending';

/**
 * What is to happen at a step: nothing of it, all of it with its answer lost, or something else, before it
 * or before its answer arrives.
 */
export type Fate = 'lost before' | 'lost after' | Work | { readonly after: Work };
type Work = () => void | Promise<void>;

/** A process whose relay runs from the beginning of each term. */
class Process extends OutboxLedger {
  readonly #relay: OutboxRelay;
  #term = new AbortController();

  constructor(outbox: Outbox, relay: OutboxRelay, clock: Clock) {
    super(outbox, relay, clock);
    this.#relay = relay;
  }

  override async beginTerm(stop?: AbortSignal): Promise<number> {
    this.#term.abort();
    this.#term = new AbortController();
    const token = await super.beginTerm(stop);
    void this.#relay.run(token, this.#term.signal);
    return token;
  }

  override async close(): Promise<void> {
    this.#term.abort();
    await super.close();
  }
}

/** Ledgers of several processes over one outbox and one broker, with faults where a test wants them. */
export class Rig {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  /** What reached the broker, in order, repeats among them. */
  readonly published: string[] = [];
  /** Tasks that were forgotten, and how many messages had been published by then. */
  readonly forgettings: { readonly task: string; readonly publishedAfter: number }[] = [];
  /** How often a ledger told that it got somewhere. */
  progress = 0;
  /** Queues that the broker does not have. */
  readonly missing = new Set<string>();
  readonly #store = openMemoryStore(
    storeOptions(`memory://${randomUUID()}`, { clock: this.clock }),
  );
  readonly #fates: [Step, Fate][] = [];
  /** What the ledgers told of messages that had to wait, such as `delivered a`. */
  readonly told: string[] = [];
  /** Consulted where no fate was announced. */
  fateOf: (step: Step) => Fate | undefined = () => undefined;

  /** The next time that it comes to this step, this happens. */
  next(step: Step, ...fates: Fate[]): void {
    for (const fate of fates) this.#fates.push([step, fate]);
  }

  /** The catch-up policies of entries that do not have the default one. */
  readonly policies = new Map<string, Partial<CatchUpPolicy>>();

  /** A process with its relay: all processes share the outbox and the broker. */
  process(): OutboxLedger {
    const { ledger } = this.#store;
    const outbox: Outbox = {
      batch: ledger.batch,
      load: () => ledger.load(),
      beginTerm: () => ledger.beginTerm(),
      append: (commit) => this.#step('append', () => ledger.append(commit)),
      pending: (limit, after) => this.#step('pending', () => ledger.pending(limit, after)),
      remove: (term, ids) =>
        this.#step('remove', async () => {
          const kept = await ledger.pending(1_000, '');
          const done = await ledger.remove(term, ids);
          for (const { id, message } of kept) {
            const publishedAfter = this.published.length;
            if (done && ids.includes(id))
              this.forgettings.push({ task: message.taskId, publishedAfter });
          }
          return done;
        }),
      close: async () => {},
    };
    const publish = (messages: readonly Message[]) =>
      this.#step('publish', async () => {
        const refused = messages.filter((message) =>
          this.missing.has(message.destination.routingKey),
        );
        const taken = messages.filter((message) => !refused.includes(message));
        this.published.push(...taken.map(({ taskId }) => taskId));
        const reason = 'there is no such queue';
        return refused.map((message) => ({ message, reason }));
      });
    const broker = { publish, announce: async () => {}, close: async () => {} };
    const tell = (what: string) => (kept: readonly OutboxMessage[]) => {
      this.told.push(...kept.map((each) => `${what} ${each.run.entry}`));
    };
    const reports: RelayReports = {
      progressed: () => (this.progress += 1),
      delivered: tell('delivered'),
      skipped: (kept, reason) => {
        tell(reason)(kept);
      },
      waiting: (count) => this.told.push(`waiting ${count}`),
    };
    const findPolicies = async (names: readonly string[]) =>
      new Map(names.map((name) => [name, { ...DEFAULT_POLICY, ...this.policies.get(name) }]));
    const relay = new OutboxRelay({ outbox, broker, clock: this.clock, reports, findPolicies });
    return new Process(outbox, relay, this.clock);
  }

  /** Removes the record of an entry, as if it had never run; the term goes on. */
  async removeState(term: number, entry: string): Promise<void> {
    await this.#store.ledger.removeState(term, entry);
  }

  async kept(): Promise<string[]> {
    const all: readonly OutboxMessage[] = await this.#store.ledger.pending(1_000, '');
    return all.map(({ message }) => message.taskId);
  }

  async #step<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const i = this.#fates.findIndex(([at]) => at === step);
    const fate = i < 0 ? this.fateOf(step) : this.#fates.splice(i, 1)[0]![1];
    if (fate === 'lost before') throw new StoreError(`${step}: nobody there`);
    if (typeof fate === 'function') await fate();
    const answer = await work();
    if (typeof fate === 'object') await fate.after();
    if (fate === 'lost after') throw new StoreError(`${step}: no answer`);
    return answer;
  }
}
