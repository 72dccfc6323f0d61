import { boundLedger } from '../../../support/bound-ledger.ts';
import { randomUUID } from 'node:crypto';
import { StoreError } from '../../../../src/util/errors.ts';
import { OutboxLedger } from '../../../../src/leader/outbox/outbox-ledger.ts';
import type { OutboxMessage, Outbox } from '../../../../src/contracts/store/outbox.ts';
import type { RelayReports } from '../../../../src/leader/outbox/term-publisher.ts';
import { DEFAULT_POLICY, type CatchUpPolicy } from '../../../../src/entries/planning/catch-up.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { isReadable } from '../../../../src/contracts/store/unreadable.ts';

type Step = 'append' | 'publish' | 'remove' | 'pending';

/**
 * A fault of a step: it does not happen, its answer is lost, or some work happens before it or before its answer
 * arrives.
 */
export type Fault = 'lost before' | 'lost after' | Work | { readonly after: Work };
type Work = () => void | Promise<void>;

/** A process whose relay runs from the beginning of each term. */
class Process extends OutboxLedger {
  #term = new AbortController();

  override async beginTerm(stop?: AbortSignal): Promise<number> {
    this.#term.abort();
    this.#term = new AbortController();
    const token = await super.beginTerm(stop);
    void this.run(token, this.#term.signal);
    return token;
  }

  override async close(): Promise<void> {
    this.#term.abort();
    await super.close();
  }
}

/** Ledgers of several processes over one outbox and one broker, with faults that a test plans. */
export class Rig {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  /** What reached the broker, in order, repeats among them. */
  readonly published: string[] = [];
  /** The tasks of removed messages, and how many messages had been published by then. */
  readonly removals: { readonly task: string; readonly publishedAfter: number }[] = [];
  /** How often a relay reported progress. */
  progress = 0;
  /** Queues that the broker does not have. */
  readonly missing = new Set<string>();
  readonly #store = openMemoryStore(storeOptions(`memory://${randomUUID()}`, { clock: this.clock }));
  readonly #faults: [Step, Fault][] = [];
  /** What the relays reported about delayed messages, such as `delivered a`. */
  readonly reports: string[] = [];
  /** The runs that were withdrawn, each with the reported reason, such as `deadline a`. */
  readonly withdrawn: string[] = [];
  /** Called with the number of unreadable messages, and with those that are named. */
  onUnreadable: RelayReports['unreadable'] = () => {};
  /** Whether the store acknowledges removals and then loses them, as one that crashes before it wrote them. */
  losesRemovals = false;
  /** The fault of a step without a planned one. */
  faultAt: (step: Step) => Fault | undefined = () => undefined;

  /** Plans faults for the next times of a step. */
  next(step: Step, ...faults: Fault[]): void {
    for (const fault of faults) this.#faults.push([step, fault]);
  }

  /** The catch-up policies of entries that do not have the default one. */
  readonly policies = new Map<string, Partial<CatchUpPolicy>>();

  /** A process with its relay: all processes share the outbox and the broker. */
  process(): OutboxLedger {
    const { ledger } = this.#store;
    const outbox: Outbox = {
      ...boundLedger(ledger),
      append: (commit) => this.#step('append', () => ledger.append(commit)),
      pending: (limit, after) => this.#step('pending', () => ledger.pending(limit, after)),
      remove: (term, ids, withdrawn) =>
        this.#step('remove', async () => {
          if (this.losesRemovals) return true;
          const before = (await ledger.pending(1_000, '')).filter(isReadable);
          const done = await ledger.remove(term, ids, withdrawn);
          for (const { id, message } of before) {
            const publishedAfter = this.published.length;
            if (done && ids.includes(id)) this.removals.push({ task: message.taskId, publishedAfter });
          }
          return done;
        }),
      close: async () => {},
    };
    const publish = (messages: readonly Message[]) =>
      this.#step('publish', async () => {
        const rejected = messages.filter((message) => this.missing.has(message.destination.routingKey));
        const accepted = messages.filter((message) => !rejected.includes(message));
        this.published.push(...accepted.map(({ taskId }) => taskId));
        const reason = 'there is no such queue';
        return rejected.map((message) => ({ message, reason }));
      });
    const broker = { publish, announce: async () => {}, close: async () => {} };
    const note = (what: string) => (messages: readonly OutboxMessage[]) => {
      this.reports.push(...messages.map((each) => `${what} ${each.run.entry}`));
    };
    const reports: RelayReports = {
      progressed: () => (this.progress += 1),
      delivered: note('delivered'),
      skipped: (messages, reason, withdrawals) => {
        note(reason)(messages);
        this.withdrawn.push(...withdrawals.map(({ run }) => `${reason} ${run.taskId}`));
      },
      waiting: (count) => this.reports.push(`waiting ${count}`),
      unreadable: (count, all) => {
        this.onUnreadable(count, all);
        const [first] = all;
        if (first) this.reports.push(`unreadable ${count}: ${first.id}`);
      },
    };
    const findPolicies = async (names: readonly string[]) =>
      new Map(names.map((name) => [name, { ...DEFAULT_POLICY, ...this.policies.get(name) }]));
    return new Process({ outbox, broker, clock: this.clock, reports, findPolicies });
  }

  /** Removes the state of an entry during the term. */
  async removeState(term: number, entry: string): Promise<void> {
    await this.#store.ledger.removeState(term, entry);
  }

  async pending(): Promise<string[]> {
    const all = await this.#store.ledger.pending(1_000, '');
    return all.filter(isReadable).map(({ message }) => message.taskId);
  }

  async #step<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const i = this.#faults.findIndex(([at]) => at === step);
    const fault = i < 0 ? this.faultAt(step) : this.#faults.splice(i, 1)[0]![1];
    if (fault === 'lost before') throw new StoreError(`${step}: unreachable`);
    if (typeof fault === 'function') await fault();
    const answer = await work();
    if (typeof fault === 'object') await fault.after();
    if (fault === 'lost after') throw new StoreError(`${step}: no answer`);
    return answer;
  }
}
