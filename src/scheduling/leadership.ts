/**
 * # Who may send
 *
 * Any number of instances run; one leads. An instance is always in one of two states:
 *
 *                 lock won, fencing number handed out
 *      ┌───────────┐ ───────────────────────────────► ┌──────────┐
 *      │ following │                                   │ leading  │
 *      └───────────┘ ◄─────────────────────────────── └──────────┘
 *        tries when the holder lets go,                 renews every third of the TTL
 *        or a retry interval has passed       lock lost │ trust ran out │ superseded │ the work failed
 *
 * The **lock** gives progress: it lets somebody try. It cannot give safety: a process that is frozen
 * just after it looked at its lock wakes up an hour later and still believes in it. Safety is the
 * **fencing number**, which the ledger hands out at the beginning of a term and checks in every commit:
 * once a newer term has begun, an older one can write nothing, whatever it believes.
 *
 * **Trust.** A term is trusted until `TTL − margin` after the *start* of the last attempt to acquire or
 * renew that succeeded, on the monotonic clock. From the start, not the end: the store counts from when
 * it worked on the request, which may be any time before the answer came, so a slow success must not
 * stretch the term. The margin covers clocks that run at different speeds. Trust is an economy, not the
 * safeguard: it spares a leader that lost its lock the commits that would be refused.
 *
 * **On doubt, step down.** An answer that the lock is another's ends the term at once. No answer at all
 * is retried while trust lasts, and ends it after. The instance then follows again, in the same
 * process, and learns from the ledger what happened meanwhile.
 *
 * **Scope.** Renewals and the release name the very lock that was won (its random value), commits name
 * the term's number: nothing that an old term does late can touch a newer one.
 */
import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import type { Events } from '../events/events.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Lease, Lock } from '../store/lock.ts';
import { unlessStopped } from '../util/grace-period.ts';
import { pauseAfter } from '../util/backoff.ts';

/** One span of leadership. */
export interface Term {
  /** The fencing number. */
  readonly token: number;
  /** Aborts when the term is over: nothing may be committed in its name any more. */
  readonly signal: AbortSignal;
  /** Whether the lock can still be ours. Looks at the clock, so it is right even before the signal is. */
  readonly trusted: boolean;
}

/** Milliseconds after a stop: what a commit gives up by itself should be reported first, and the release is the last step. */
const LEAD_GRACE = 1_100;
const RELEASE_GRACE = 1_300;

/** The pause between attempts to reach a lock grows to so many times the first. */
const LONGEST_PAUSE = 4;

/** Thrown by the work of a term that began and cannot go on: the instance steps down and follows again. */
export class TermEnded extends Error {
  override name = 'TermEnded';
}

export interface LeadershipOptions {
  readonly lock: Lock;
  readonly ledger: Pick<Ledger, 'beginTerm'>;
  readonly clock: Clock;
  readonly events: Events;
  /** The lock's time to live, milliseconds. */
  readonly ttl: number;
  /**
   * Called whenever the loop makes progress while it follows. To win the lock for a term that cannot begin,
   * again and again, is none.
   */
  readonly progressed: () => void;
}

interface Won {
  readonly lease: Lease;
  /** On the monotonic clock. */
  readonly trustedUntil: number;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #margin: number;
  readonly #renewEvery: number;
  readonly #retryEvery: number;
  #saidFollowing = false;
  /** Whether the last term ended by a failure, as one does that cannot begin. */
  #failing = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#margin = options.ttl / 10;
    this.#renewEvery = options.ttl / 3;
    this.#retryEvery = options.ttl / 8;
  }

  /** Follows and leads by turns until `stop` aborts; the lock is then released. Never rejects. */
  async run(lead: (term: Term) => Promise<void>, stop: AbortSignal): Promise<void> {
    let reason = 'another instance holds the lock';
    while (!stop.aborted) {
      const won = await this.#follow(reason, stop);
      if (won) reason = await this.#lead(won, lead, stop);
    }
  }

  /** Tries until the lock is won. `null` when stopped before. */
  async #follow(reason: string, stop: AbortSignal): Promise<Won | null> {
    const { lock, clock, events, progressed } = this.#options;
    let why = reason;
    let failures = 0;
    for (let attempt = 1; !stop.aborted; attempt++) {
      if (!this.#failing) progressed();
      const started = clock.monotonic();
      try {
        const lease = await this.#acquire(lock, stop);
        failures = 0;
        events.reportRecovery({ kind: 'lock', action: 'acquire' });
        if (lease) return { lease, trustedUntil: this.#trustFrom(started) };
        this.#failing = false;
      } catch (error) {
        if (isAborted(stop)) return null;
        this.#failing = false;
        events.reportFailure({ kind: 'lock', action: 'acquire' }, error);
        why = 'the lock cannot be reached';
        failures += 1;
      }
      if (attempt === 1) this.#sayFollowing(why);
      // A lock that cannot be asked for may yet look free: to wait for its release would be no wait.
      if (failures > 0) await clock.sleep(this.#pauseAfter(failures), stop);
      else await this.#untilWorthRetrying(stop);
    }
    return null;
  }

  /** A store that does not answer holds up no stop; a lock that is won after it is released again. */
  async #acquire(lock: Lock, stop: AbortSignal): Promise<Lease | null> {
    const acquiring = lock.acquire();
    try {
      return await unlessStopped(this.#options.clock, stop, acquiring);
    } catch (error) {
      acquiring.then((lease) => lease?.release()).catch(() => {});
      throw error;
    }
  }

  #pauseAfter(failures: number): number {
    return pauseAfter(failures, this.#retryEvery, LONGEST_PAUSE * this.#retryEvery);
  }

  /** Leads until the work ends, the term ends or `stop` aborts. Resolves with why it follows again. */
  async #lead(
    { lease, trustedUntil }: Won,
    lead: (term: Term) => Promise<void>,
    stop: AbortSignal,
  ): Promise<string> {
    const { clock, events, ledger } = this.#options;
    const over = new AbortController();
    const held = { until: trustedUntil };
    const renewing = this.#keep(lease, held, over);
    let reason = 'stopped';
    try {
      const beginning = ledger.beginTerm(AbortSignal.any([stop, over.signal]));
      const number = await unlessStopped(clock, stop, beginning);
      const term: Term = {
        token: number,
        signal: over.signal,
        get trusted() {
          return !over.signal.aborted && clock.monotonic() < held.until;
        },
      };
      if (!term.trusted) throw new StoreError('the lock was lost before the term could begin');
      if (!stop.aborted) {
        this.#saidFollowing = false;
        events.emit('leading', { term: number });
        await unlessStopped(clock, stop, lead(term), LEAD_GRACE);
      }
      this.#failing = false;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      this.#failing = !(error instanceof TermEnded);
      if (this.#failing && !stop.aborted) events.reportFailure({ kind: 'lead' }, error);
    }
    if (over.signal.aborted) reason = String(over.signal.reason);
    over.abort('over');
    await renewing;
    await this.#release(lease, stop);
    if (reason !== 'stopped') await clock.sleep(this.#retryEvery, stop);
    return reason;
  }

  /** Renews until the term is over, and ends it when the lock is lost or can no longer be trusted. */
  async #keep(lease: Lease, held: { until: number }, over: AbortController): Promise<void> {
    const { clock } = this.#options;
    let wait = this.#renewEvery;
    for (;;) {
      await clock.sleep(Math.min(wait, held.until - clock.monotonic()), over.signal);
      if (over.signal.aborted) return;
      if (clock.monotonic() >= held.until) {
        over.abort('the lock could not be renewed in time');
        return;
      }
      const started = clock.monotonic();
      const answer = await this.#inTime(lease.renew(), held.until - started, over.signal);
      if (answer === 'renewed') {
        held.until = this.#trustFrom(started);
        wait = this.#renewEvery;
      } else if (answer === 'lost') {
        over.abort('the lock was lost');
        return;
      } else {
        wait = this.#retryEvery / 4;
      }
    }
  }

  /** The answer of a renewal, or `unknown` when it failed or did not come while the lock was trusted. */
  async #inTime(
    renewal: Promise<boolean>,
    left: number,
    over: AbortSignal,
  ): Promise<'renewed' | 'lost' | 'unknown'> {
    const answered = new AbortController();
    const answer = renewal.then(
      (ours) => {
        this.#options.events.reportRecovery({ kind: 'lock', action: 'renew' });
        return ours ? ('renewed' as const) : ('lost' as const);
      },
      (error: unknown) => {
        this.#options.events.reportFailure({ kind: 'lock', action: 'renew' }, error);
        return 'unknown' as const;
      },
    );
    const late = this.#options.clock
      .sleep(left, AbortSignal.any([answered.signal, over]))
      .then(() => 'unknown' as const);
    const first = await Promise.race([answer, late]);
    answered.abort();
    return first;
  }

  async #release(lease: Lease, stop: AbortSignal): Promise<void> {
    try {
      await unlessStopped(this.#options.clock, stop, lease.release(), RELEASE_GRACE);
      this.#options.events.reportRecovery({ kind: 'lock', action: 'release' });
    } catch (error) {
      this.#options.events.reportFailure({ kind: 'lock', action: 'release' }, error);
    }
  }

  /** Said once until it leads again: terms that cannot begin, one after another, are no news. */
  #sayFollowing(reason: string): void {
    if (this.#saidFollowing) return;
    this.#saidFollowing = true;
    this.#options.events.emit('following', { reason });
  }

  async #untilWorthRetrying(stop: AbortSignal): Promise<void> {
    const { lock, clock } = this.#options;
    const tried = new AbortController();
    const signal = AbortSignal.any([tried.signal, stop]);
    await Promise.race([clock.sleep(this.#retryEvery, signal), lock.released(signal)]);
    tried.abort();
  }

  #trustFrom(started: number): number {
    return started + this.#options.ttl - this.#margin;
  }
}

/** Asked anew after a wait, which the type checker takes no account of. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
