import type { PlannedChange } from '../../entries/planning/planned-change.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import type { Change, Commit, CommitOutcome, UnpublishedMessage } from '../../contracts/store/commit.ts';
import { describeError, StoreError } from '../../util/errors.ts';
import { ChordSizes, type ChordSizesOptions } from './chord-sizes.ts';
import { requireTrust, TermEnded, type Term } from './term.ts';

export interface CommitterOptions extends ChordSizesOptions {
  readonly ledger: Ledger;
  /**
   * Called whenever a commit was answered, or failed: a loop that retries an unreachable store is not stuck. A
   * commit that ends the term is not progress.
   */
  readonly progressed: () => void;
}

/** The pause before a commit that failed is tried again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 50;
const MAX_PAUSE = 1_000;

/**
 * How often a commit with commands is tried: schedules wait for it. If an attempt succeeded without an answer, the next
 * commit of its entry conflicts, and the next term reads the state again.
 */
const COMMAND_ATTEMPTS = 5;

/** Commands that the leader cannot finish, for example because a right is missing. */
class CommandsNotCommitted extends StoreError {
  override name = 'CommandsNotCommitted';
}

/**
 * The outcome of one change. The store applied nothing of it unless it is `committed`.
 * `store-rejected`: the store can be reached and rejects it; the failure was reported.
 * `unregistered`: the result backend did not acknowledge its chords.
 * `not-attempted`: beat stopped before.
 */
export type ChangeOutcome =
  | { readonly kind: 'committed'; readonly unpublished: readonly UnpublishedMessage[] }
  | { readonly kind: 'store-rejected'; readonly reason: string }
  | { readonly kind: 'unregistered' | 'not-attempted' };

/** The outcome of a command. `committed` has one outcome for each of its changes, in order. */
export type CommandOutcome =
  | { readonly kind: 'committed'; readonly changes: readonly CommittedChange[] }
  | Exclude<ChangeOutcome, { kind: 'committed' }>;

type CommittedChange = Extract<ChangeOutcome, { kind: 'committed' }>;
type Answer = Extract<CommitOutcome, { kind: 'committed' | 'store-rejected' }>;

/** Commits changes to the ledger: in batches, several at once, and repeated while the term lasts. */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #chordSizes: ChordSizes;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#chordSizes = new ChordSizes(options);
  }

  /**
   * Runs `work` over all items, in batches of the ledger's size and with its concurrency. When a batch fails, no other
   * begins, and the call waits for the batches under way: no work of a term continues after it.
   */
  async runPool<T>(items: readonly T[], term: Term, work: (batch: T[]) => Promise<unknown>): Promise<void> {
    const { size, inFlight } = this.#options.ledger.batch;
    let from = 0;
    const worker = async () => {
      while (from < items.length && !term.stop.aborted) {
        requireTrust(term);
        const batch = items.slice(from, from + size);
        from += size;
        await work(batch);
      }
    };
    const endAll = (error: unknown) => {
      from = items.length;
      throw error;
    };
    const count = Math.min(inFlight, Math.ceil(items.length / size));
    const workers = Array.from({ length: count }, () => worker().catch(endAll));
    const failed = (await Promise.allSettled(workers)).find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * Commits one batch and resolves with one outcome per change, in order. A failed commit may have succeeded; repeating
   * it is harmless, so it is repeated while the term lasts. Chords are published after the result backend has
   * acknowledged them: a chord whose tasks end before is never joined.
   */
  async commit(planned: readonly PlannedChange[], term: Term): Promise<readonly ChangeOutcome[]> {
    const starting = planned.filter(startsChords);
    if (starting.length === 0) return this.#commit(toChanges(planned), term);
    // Changes without chords do not wait for the result backend.
    const registering = this.#chordSizes.register(starting, term.signal);
    const plain = toChanges(planned.filter((each) => !startsChords(each)));
    const first = await this.#commit(plain, term);
    const registered = toChanges(await registering);
    const second = isStopped(first) ? notAttempted(registered) : await this.#commit(registered, term);
    const outcomes = new Map<Change, ChangeOutcome>();
    for (const [i, change] of [...plain, ...registered].entries()) {
      outcomes.set(change, [...first, ...second][i]!);
    }
    return planned.map(({ change }) => outcomes.get(change) ?? { kind: 'unregistered' });
  }

  /**
   * Commits the decision of one command, all or nothing, together with the end of the command (`null` if it has not
   * ended).
   */
  async commitCommand(
    planned: readonly PlannedChange[],
    finished: FinishedCommand | null,
    term: Term,
  ): Promise<CommandOutcome> {
    const starting = planned.filter(startsChords);
    if (starting.length > 0) {
      const signal = term.signal;
      const registered = await this.#chordSizes.register(starting, signal);
      if (registered.length < starting.length) return { kind: 'unregistered' };
    }
    const changes = toChanges(planned);
    const commit = { token: term.token, changes, commands: finished ? [finished] : [] };
    const outcome = await this.#persist(commit, term, COMMAND_ATTEMPTS);
    if (outcome?.kind !== 'committed') return outcome ?? { kind: 'not-attempted' };
    return { kind: 'committed', changes: committed(changes, outcome.unpublished) };
  }

  /** Commits the end of a command that has no effect. */
  async finish(finished: FinishedCommand, term: Term): Promise<void> {
    const commit = { token: term.token, changes: [], commands: [finished] };
    const outcome = await this.#persist(commit, term, COMMAND_ATTEMPTS);
    if (outcome?.kind === 'store-rejected') throw new CommandsNotCommitted(outcome.reason);
  }

  async #commit(changes: readonly Change[], term: Term): Promise<readonly ChangeOutcome[]> {
    if (changes.length === 0) return [];
    const outcome = await this.#persist({ token: term.token, changes }, term);
    if (!outcome) return notAttempted(changes);
    if (outcome.kind === 'committed') return committed(changes, outcome.unpublished);
    return this.#bisect(changes, outcome.reason, term);
  }

  /**
   * Tries a commit until the store has answered, and resolves with the answer, or with `null` when beat stops
   * before. Throws `TermEnded` when the term cannot continue, and `CommandsNotCommitted` after `attempts`.
   */
  async #persist(commit: Commit, term: Term, attempts = Infinity): Promise<Answer | null> {
    const { ledger, clock, events, progressed } = this.#options;
    let attemptsLeft = attempts;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, MAX_PAUSE)) {
      try {
        const outcome = await ledger.commit(commit, term.stop);
        events.reportRecovery({ kind: 'commit' });
        if (outcome.kind === 'committed' || outcome.kind === 'store-rejected') {
          progressed();
          return outcome;
        }
        throw new TermEnded(
          outcome.kind === 'fenced'
            ? 'another term has begun, or the store lost its state'
            : `schedule state of ${outcome.entries.join(', ')} was changed by another process`,
        );
      } catch (error) {
        if (error instanceof TermEnded) throw error;
        progressed();
        events.reportFailure({ kind: 'commit' }, error);
        attemptsLeft -= 1;
        if (attemptsLeft === 0) {
          throw new CommandsNotCommitted(describeError(error), { cause: error });
        }
      }
      await clock.sleep(pause, term.signal);
      if (term.stop.aborted) return null;
      requireTrust(term);
    }
  }

  /** Finds by halves the changes that the store rejects, and commits the others: one entry must not block all. */
  async #bisect(changes: readonly Change[], reason: string, term: Term): Promise<readonly ChangeOutcome[]> {
    const [change] = changes;
    if (change && changes.length === 1) {
      const operation = { kind: 'commit-entry', entry: change.entry } as const;
      this.#options.events.reportFailure(operation, new StoreError(reason));
      return [{ kind: 'store-rejected', reason }];
    }
    const half = Math.ceil(changes.length / 2);
    const first = await this.#commit(changes.slice(0, half), term);
    if (isStopped(first)) return notAttempted(changes);
    return [...first, ...(await this.#commit(changes.slice(half), term))];
  }
}

function startsChords({ chords = [] }: PlannedChange): boolean {
  return chords.length > 0;
}

function toChanges(planned: readonly PlannedChange[]): readonly Change[] {
  return planned.map(({ change }) => change);
}

function isStopped(outcomes: readonly ChangeOutcome[]): boolean {
  return outcomes.length > 0 && outcomes.every(({ kind }) => kind === 'not-attempted');
}

function notAttempted(changes: readonly Change[]): readonly ChangeOutcome[] {
  return changes.map(() => ({ kind: 'not-attempted' }));
}

const PUBLISHED: CommittedChange = { kind: 'committed', unpublished: [] };

function committed(
  changes: readonly Change[],
  unpublished: readonly UnpublishedMessage[] = [],
): readonly CommittedChange[] {
  if (unpublished.length === 0) return changes.map(() => PUBLISHED);
  const byMessage = new Map(unpublished.map((each) => [each.message, each]));
  return changes.map(({ messages }) => ({
    kind: 'committed',
    unpublished: messages.flatMap((message) => byMessage.get(message) ?? []),
  }));
}
