import type { Broker } from '../../contracts/broker/broker.ts';
import { DEFAULT_POLICY, selectSkipped, type CatchUpPolicy } from '../../entries/planning/catch-up.ts';
import type { Message } from '../../celery/message/message.ts';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { Outbox, OutboxMessage, WithdrawnRow } from '../../contracts/store/outbox.ts';
import { isReadable, isUnreadable, type Unreadable } from '../../contracts/store/unreadable.ts';
import type { Clock } from '../../util/clock.ts';
import { MessageStates, Withdrawals, type Rejections, type Withdrawal } from './message-states.ts';

/** Finds the catch-up policies of entries, by name. An entry that no longer exists has none. */
type FindPolicies = (entries: readonly string[]) => Promise<ReadonlyMap<string, CatchUpPolicy>>;

/** Callbacks about messages that were not published with their commit. */
export interface RelayReports {
  /** The relay processed some of the messages: a long pass through the outbox is not stuck. */
  progressed(): void;
  delivered(messages: readonly OutboxMessage[]): void;
  /** The messages expired, or were too late by the policy of their entry. The history has the withdrawn runs. */
  skipped(messages: readonly OutboxMessage[], reason: SkipReason, withdrawn: readonly Withdrawal[]): void;
  /** `count` rejected messages wait; `oldest` is their earliest `dueAt`, epoch ms. Called when they may change. */
  waiting(count: number, oldest: number | null): void;
  /** `count` messages cannot be read and stay in the outbox, `first` among them. Called after each pass through the outbox. */
  unreadable(count: number, first: readonly Unreadable[]): void;
}

export interface PublisherOptions {
  readonly outbox: Outbox;
  readonly broker: Broker;
  readonly clock: Clock;
  /** Called for messages that wait in the outbox. */
  readonly reports?: RelayReports | undefined;
  /** Unless given, all entries have the default policy. */
  readonly findPolicies?: FindPolicies | undefined;
}

/** How many messages are read from the outbox, and published, at once. */
const PAGE_SIZE = 500;

/** Most unreadable messages that are reported by id. */
const MAX_NAMED = 5;

/**
 * Publishes the messages in the outbox during one term, and removes them. It never publishes again what the broker has
 * confirmed; a message that was rejected, or got no answer, may be published again.
 */
export class TermPublisher {
  readonly token: number;
  readonly #options: PublisherOptions;
  readonly #states = new MessageStates();
  readonly #withdrawals: Withdrawals;

  constructor(token: number, options: PublisherOptions) {
    this.token = token;
    this.#options = options;
    this.#withdrawals = new Withdrawals(token);
  }

  /** The messages that wait for `retry`. */
  get waiting(): readonly OutboxMessage[] {
    return this.#states.entries.flatMap((entry) => this.#states.select(entry, 'rejected', 'skipped'));
  }

  /**
   * Publishes the messages that the broker does not have, and removes the messages that it has. Resolves with the
   * rejected ones; `isCurrent` is `false` when a newer term has begun. Rejects when the answer of the broker
   * or of the outbox is unknown.
   */
  async publish(
    messages: readonly OutboxMessage[],
  ): Promise<{ readonly rejections: Rejections; readonly isCurrent: boolean }> {
    const rejections = await this.#states.send(this.#options.broker, messages);
    const skipped = await this.#skipLate(Map.groupBy(messages, ({ run }) => run.entry));
    const confirmed = messages.filter(({ id }) => !rejections.has(id));
    return { rejections, isCurrent: await this.#remove([...confirmed, ...skipped]) };
  }

  /** Publishes all messages in the outbox, oldest first, until a stop. `false` when a newer term has begun. */
  async publishAll(stop?: AbortSignal): Promise<boolean> {
    const isEmpty = (await this.#options.outbox.pending(1, '')).length === 0;
    // Each term would publish the messages again if they could not be removed.
    if (!isEmpty && !(await this.#isCurrent())) return false;
    return this.#publishPages(() => true, stop);
  }

  /** Publishes rejected messages again, until a stop; `includesPending`: all in the outbox. `false` in a newer term. */
  async retry(stop: AbortSignal, includesPending: boolean): Promise<boolean> {
    if (!(await this.#isCurrent())) return false;
    const skipped = await this.#skipLate(new Map(this.#states.entries.map((name) => [name, []])));
    if (!(await this.#remove(skipped))) return false;
    // Includes the messages that an earlier attempt published and failed to remove.
    return this.#publishPages((message) => includesPending || this.#states.get(message).kind !== 'pending', stop);
  }

  /** The id of the oldest readable message in the first page of the outbox. */
  async findOldest(): Promise<string | undefined> {
    return (await this.#options.outbox.pending(PAGE_SIZE, '')).find(isReadable)?.id;
  }

  /** Whether no newer term has begun; asks the outbox by removing an empty list of messages. */
  #isCurrent(): Promise<boolean> {
    return this.#options.outbox.remove(this.token, []);
  }

  async #publishPages(isWanted: (message: OutboxMessage) => boolean, stop: AbortSignal | undefined): Promise<boolean> {
    const { outbox, reports } = this.#options;
    const unreadable: Unreadable[] = [];
    let unreadableCount = 0;
    for (let after = ''; !stop?.aborted;) {
      const page = await outbox.pending(PAGE_SIZE, after);
      const messages = page.filter(isReadable);
      const isCurrent = await this.#publishDelayed(messages.filter(isWanted));
      reports?.progressed();
      const others = page.filter(isUnreadable);
      unreadableCount += others.length;
      unreadable.push(...others.slice(0, MAX_NAMED - unreadable.length));
      const last = page.at(-1);
      if (isCurrent && !last) reports?.unreadable(unreadableCount, unreadable);
      if (!isCurrent || !last) return isCurrent;
      after = last.id;
    }
    return true;
  }

  /** Publishes messages that were not published with their commit, and reports the results. */
  async #publishDelayed(messages: readonly OutboxMessage[]): Promise<boolean> {
    const { clock, reports } = this.#options;
    const now = clock.now();
    const unsent = this.#states.selectUnsent(messages);
    const expired = new Set(unsent.filter(({ message }) => isExpired(message, now)));
    for (const each of expired) this.#states.set(each, { kind: 'skipped', reason: 'expired' });
    const { rejections, isCurrent } = await this.publish(messages.filter((each) => !expired.has(each)));
    const delivered = unsent.filter((each) => !expired.has(each) && !rejections.has(each.id));
    reports?.delivered(delivered);
    return isCurrent && this.#remove([...expired]);
  }

  /**
   * Applies the catch-up policies to the rejected messages of these entries. `published` has the messages that were
   * just published, by entry: they may replace older ones. Returns the messages that are skipped.
   */
  async #skipLate(published: ReadonlyMap<string, readonly OutboxMessage[]>): Promise<readonly OutboxMessage[]> {
    const states = this.#states;
    const entries = [...published.keys()].filter((name) => states.select(name, 'rejected').length);
    if (entries.length > 0) {
      const policies = await this.#options.findPolicies?.(entries);
      const now = this.#options.clock.now();
      for (const entry of entries) {
        const unconfirmed = states.select(entry, 'rejected', 'publishing');
        const runs = [...unconfirmed, ...published.get(entry)!].map(({ run }) => run.dueAt);
        const reasons = selectSkipped(policies?.get(entry) ?? DEFAULT_POLICY, runs, now);
        for (const message of states.select(entry, 'rejected')) {
          const reason = reasons.get(message.run.dueAt);
          if (reason) states.set(message, { kind: 'skipped', reason });
        }
      }
    }
    return [...published.keys()].flatMap((entry) => states.select(entry, 'skipped'));
  }

  /** Removes messages from the outbox, and reports the skipped ones. `false` when a newer term has begun. */
  async #remove(messages: readonly OutboxMessage[]): Promise<boolean> {
    if (messages.length === 0) return true;
    const { outbox, reports, clock } = this.#options;
    const ids = messages.map(({ id }) => id);
    const skipped = messages.flatMap((message) => {
      const state = this.#states.get(message);
      return state.kind === 'skipped' ? [{ message, reason: state.reason }] : [];
    });
    const withdrawals = this.#withdrawals.find(skipped);
    const rows = withdrawals.map((each) => withdrawnRow(each, clock.now()));
    if (!(await outbox.remove(this.token, ids, rows))) return false;
    this.#withdrawals.removed(skipped);
    for (const message of messages) this.#states.delete(message);
    for (const [reason, each] of Map.groupBy(skipped, (skip) => skip.reason)) {
      const own = withdrawals.filter((withdrawal) => withdrawal.reason === reason);
      const removed = each.map(({ message }) => message);
      reports?.skipped(removed, reason, own);
    }
    return true;
  }
}

/** The history row of a committed run that was withdrawn at `at` (epoch milliseconds). */
function withdrawnRow({ message, reason, run }: Withdrawal, at: number): WithdrawnRow {
  const { taskId, dueAt, term } = run;
  const occurrence = { first: dueAt, last: dueAt, count: 1 };
  const row = { kind: 'skip', ...occurrence, reason, at, term, taskId } as const;
  return { messageId: message.id, entry: message.run.entry, row };
}

/** Whether a message has expired. A header without an offset does not count: its zone is unknown. */
function isExpired({ headers }: Message, now: number): boolean {
  const { expires } = headers;
  return typeof expires === 'string' && /(Z|[+-]\d\d:?\d\d)$/i.test(expires) && Date.parse(expires) <= now;
}
