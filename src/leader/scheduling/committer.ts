import type { PlannedChange } from '../../entries/planning/planned-change.ts';
import type { FinishedCommand } from '../../contracts/store/command-log.ts';
import type { Change, Commit, CommitOutcome, UnpublishedMessage } from '../../contracts/store/commit.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import { describeError, StoreError } from '../../util/errors.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import { ChordSizes } from './chord-sizes.ts';
import type { RecentCommits } from './recent-commits.ts';
import { reportCommitted } from './report-committed.ts';
import type { ScheduledEntries } from './scheduled-entries.ts';
import type { SchedulerOptions } from './scheduler-options.ts';
import { requireTrust, TermEnded, type Term } from './term.ts';

/** What the parts of a scheduler share. */
export interface SchedulerParts extends SchedulerOptions {
  readonly scheduled: ScheduledEntries;
  readonly committer: Committer;
  readonly recent: RecentCommits;
}

type CommitterOptions = Pick<
  SchedulerParts,
  'ledger' | 'clock' | 'events' | 'results' | 'progressed' | 'scheduled' | 'recent'
>;

/** The pause before a commit that failed is tried again, milliseconds: doubled each time, to the longest. */
const FIRST_PAUSE = 50;
const MAX_PAUSE = 1_000;

/**
 * How often a commit with commands is tried: schedules wait for it. If an attempt succeeded without an answer, the next
 * commit of its entry conflicts, and the next term reads the state again.
 */
const COMMAND_ATTEMPTS = 5;

/** The number of changes between two checks of the time of a slice. */
const STRIDE = 16;

/** The pause before a change that the store rejected is tried again. Milliseconds. */
export const PAUSE = 10_000;
/** The same for a change whose chords were not registered: the result backend may answer soon. Milliseconds. */
export const SHORT_PAUSE = 1_000;

/** Called with a change that was not committed, and when to try again (epoch milliseconds). */
type Retry = (planned: PlannedChange, at: number) => void;

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
type ChangeOutcome =
  | { readonly kind: 'committed'; readonly unpublished: readonly UnpublishedMessage[] }
  | { readonly kind: 'store-rejected'; readonly reason: string }
  | { readonly kind: 'unregistered' | 'not-attempted' };

type Answer = Extract<CommitOutcome, { kind: 'committed' | 'store-rejected' }>;

/**
 * Commits planned changes to the ledger: in batches, several at once, and repeated while the term lasts. Reports each
 * outcome, and applies it to the agenda: an entry is scheduled by its new state, or by its old one after a pause.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #chordSizes: ChordSizes;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#chordSizes = new ChordSizes(options);
  }

  /**
   * Plans and commits in batches. `plan` takes items off the list and plans them; it is called until the list is empty.
   * Resolves with the number of runs that were sent. Throws `TermEnded` when the term cannot continue.
   */
  async commit<T>(
    items: readonly T[],
    plan: (waiting: T[]) => readonly PlannedChange[] | Promise<readonly PlannedChange[]>,
    term: Term,
    retry: Retry = this.#reschedule,
  ): Promise<number> {
    const { ledger, clock } = this.#options;
    let sent = 0;
    await runPool(items, ledger.batch, term, async (waiting) => {
      while (waiting.length > 0 && !term.stop.aborted) {
        requireTrust(term);
        const planned = await plan(waiting);
        const outcomes = await this.commitBatch(planned, term);
        const count = await runInSlices(this.#settleAll(planned, outcomes, retry), clock);
        sent += count;
      }
    });
    return sent;
  }

  /**
   * Commits one batch and resolves with one outcome per change, in order. A failed commit may have succeeded; repeating
   * it is harmless, so it is repeated while the term lasts. Chords are published after the result backend has
   * acknowledged them: a chord whose tasks end before is never joined.
   */
  async commitBatch(planned: readonly PlannedChange[], term: Term): Promise<readonly ChangeOutcome[]> {
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
   * Commits the decision of a command, all or nothing, and the end of the command unless `finished` is `null`. Resolves
   * with `null`, or with the reason why nothing was committed. Throws `TermEnded` when the term cannot continue.
   */
  async commitCommand(
    planned: readonly PlannedChange[],
    finished: FinishedCommand | null,
    term: Term,
  ): Promise<string | null> {
    const starting = planned.filter(startsChords);
    if (starting.length > 0) {
      const registered = await this.#chordSizes.register(starting, term.signal);
      if (registered.length < starting.length) return 'the result backend did not register its chords';
    }
    const changes = toChanges(planned);
    const commit = { token: term.token, changes, commands: finished ? [finished] : [] };
    const answer = await this.#persist(commit, term, COMMAND_ATTEMPTS);
    if (!answer) throw new TermEnded('beat stops');
    if (answer.kind === 'store-rejected') return answer.reason;
    const outcomes = committed(changes, answer.unpublished);
    await runInSlices(this.#settleAll(planned, outcomes, this.#reschedule), this.#options.clock);
    return null;
  }

  /** Commits the end of a command that has no effect. */
  async finish(finished: FinishedCommand, term: Term): Promise<void> {
    const commit = { token: term.token, changes: [], commands: [finished] };
    const answer = await this.#persist(commit, term, COMMAND_ATTEMPTS);
    if (answer?.kind === 'store-rejected') throw new CommandsNotCommitted(answer.reason);
  }

  async #commit(changes: readonly Change[], term: Term): Promise<readonly ChangeOutcome[]> {
    if (changes.length === 0) return [];
    const answer = await this.#persist({ token: term.token, changes }, term);
    if (!answer) return notAttempted(changes);
    if (answer.kind === 'committed') return committed(changes, answer.unpublished);
    return this.#bisect(changes, answer.reason, term);
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

  *#settleAll(planned: readonly PlannedChange[], outcomes: readonly ChangeOutcome[], retry: Retry): Steps<number> {
    let sent = 0;
    for (const [i, each] of planned.entries()) {
      const outcome = outcomes[i]!;
      if (outcome.kind === 'committed') sent += this.#settle(each, outcome.unpublished);
      else {
        const pause = outcome.kind === 'unregistered' ? SHORT_PAUSE : PAUSE;
        retry(each, this.#options.clock.now() + pause);
      }
      if (i % STRIDE === 0) yield;
    }
    return sent;
  }

  /** Returns how many runs were sent. */
  #settle({ entry, change, edit = null }: PlannedChange, unpublished: readonly UnpublishedMessage[]): number {
    const { scheduled, events, recent } = this.#options;
    const name = change.entry;
    recent.add(name, change.after);
    if (events.hasFailure) events.reportRecovery({ kind: 'commit-entry', entry: name });
    if (edit) events.emit('entry-changed', { entry: name, change: edit });
    if (!entry?.enabled || !change.after) scheduled.remove(name);
    else {
      const isDueAgain = scheduled.schedule(entry, change.after);
      if (isDueAgain === false && edit && edit !== 'disabled' && edit !== 'removed') {
        const { spec, description = spec } = entry.schedule;
        events.emit('never-due', { entry: name, change: edit, schedule: description });
      }
    }
    return reportCommitted(change, unpublished, events);
  }

  readonly #reschedule: Retry = ({ entry, change }, at) => {
    if (entry && change.before) this.#options.scheduled.schedule(entry, change.before, at);
  };
}

/**
 * Runs `work` over all items, in batches of the ledger's size and with its concurrency. When a batch fails, no other
 * begins, and the call waits for the batches under way: no work of a term continues after it.
 */
export async function runPool<T>(
  items: readonly T[],
  { size, inFlight }: Ledger['batch'],
  term: Term,
  work: (batch: T[]) => Promise<unknown>,
): Promise<void> {
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

const PUBLISHED: ChangeOutcome = { kind: 'committed', unpublished: [] };

function committed(
  changes: readonly Change[],
  unpublished: readonly UnpublishedMessage[] = [],
): readonly ChangeOutcome[] {
  if (unpublished.length === 0) return changes.map(() => PUBLISHED);
  const byMessage = new Map(unpublished.map((each) => [each.message, each]));
  return changes.map(({ messages }) => ({
    kind: 'committed',
    unpublished: messages.flatMap((message) => byMessage.get(message) ?? []),
  }));
}
