/**
 * # Leadership
 *
 * Any number of instances run, and one of them leads. An instance is in one of two states:
 *
 *                 acquires the lock and begins a term
 *      ┌───────────┐ ───────────────────────────────► ┌──────────┐
 *      │ following │                                   │ leading  │
 *      └───────────┘ ◄─────────────────────────────── └──────────┘
 *        retries when the lock is released,             renews the lock every third of the TTL
 *        and every eighth of the TTL       lock lost │ trust expired │ fenced │ term failed
 *
 * The *lock* provides progress: it decides which instance may try to lead. It cannot provide safety, because a
 * process that is suspended after it checked its lock may resume long after the lock has expired.
 *
 * The *fencing token* provides safety. The ledger issues a token at the beginning of each term, larger than every
 * earlier one, and checks it in every commit. Once a newer term has begun, commits of an older term are rejected.
 *
 * A term is *trusted* until TTL − margin after the start of the last request that acquired or renewed the lock,
 * on the monotonic clock. Trust only saves commits that the ledger would reject; safety does not depend on it.
 *
 * An answer that another instance holds the lock ends the term at once. Without an answer the leader retries while
 * the term is trusted. The instance then follows again, and reads the schedule state again before it leads.
 *
 * Renewals and the release name the random value of the lock, and commits name the token of the term, so that late
 * requests of an old term cannot affect a newer one.
 */
import type { Events } from '../../contracts/events/events.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import { pauseAfter } from '../../util/backoff.ts';
import type { Clock, Random } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { withGracePeriod } from '../../util/grace-period.ts';
import { linkAbort } from '../../util/linked-abort.ts';
import { waitAtMost } from '../../util/wait.ts';
import { TermEnded, type Term } from './term.ts';

/**
 * How long a term and the release of the lock may take after a stop. Milliseconds. Commits give up first, and the
 * release is the last step.
 */
const LEAD_GRACE = 1_100;
const RELEASE_GRACE = 1_300;

/** The longest pause between attempts to reach the lock, as a multiple of the first. */
const MAX_PAUSE_FACTOR = 4;

export interface LeadershipOptions {
  readonly lock: Lock;
  readonly ledger: Pick<Ledger, 'beginTerm'>;
  readonly clock: Clock;
  readonly events: Events;
  /** The lock's time to live, in milliseconds. */
  readonly ttl: number;
  /** Called at each attempt to acquire the lock, unless the last term could not begin. */
  readonly onProgress: () => void;
  readonly random: Random;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #retryInterval: number;
  /** Whether `following` was emitted since the instance last led. */
  #followingEmitted = false;
  /** Whether the last term failed, for example because it could not begin. */
  #lastTermFailed = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#retryInterval = options.ttl / 8;
  }

  /** Follows and leads in turn until `stop` aborts, and then releases the lock. Never rejects. */
  async run(lead: (term: Term) => Promise<void>, stop: AbortSignal): Promise<void> {
    let reason = 'another instance holds the lock';
    while (!stop.aborted) {
      const acquired = await this.#follow(reason, stop);
      if (acquired) reason = await this.#lead(acquired.lease, acquired.at, lead, stop);
    }
  }

  /** Resolves with the lease and the time of its request when the lock is acquired; with `null` after a stop. */
  async #follow(reason: string, stop: AbortSignal): Promise<{ lease: Lease; at: number } | null> {
    const { lock, clock, events, random, onProgress } = this.#options;
    const operation = { kind: 'lock', action: 'acquire' } as const;
    let why = reason;
    let failures = 0;
    for (let attempt = 1; !stop.aborted; attempt++) {
      if (!this.#lastTermFailed) onProgress();
      const at = clock.monotonic();
      try {
        const lease = await this.#acquire(stop);
        failures = 0;
        events.reportRecovery(operation);
        if (lease) return { lease, at };
        this.#lastTermFailed = false;
      } catch (error) {
        // The `await` may have changed it, which the type checker does not expect.
        if (stop.aborted as boolean) return null;
        this.#lastTermFailed = false;
        events.reportFailure(operation, error);
        why = 'the lock cannot be reached';
        failures += 1;
      }
      if (attempt === 1) this.#emitFollowing(why);
      // An unreachable lock may look free: waiting for its release would return at once.
      const longest = MAX_PAUSE_FACTOR * this.#retryInterval;
      if (failures > 0) await clock.sleep(pauseAfter(failures, this.#retryInterval, longest, random), stop);
      else await waitAtMost(clock, this.#retryInterval, stop, (end) => lock.waitForRelease(end));
    }
    return null;
  }

  /** Tries once. A lock that is acquired after a stop is released again. */
  async #acquire(stop: AbortSignal): Promise<Lease | null> {
    const acquiring = this.#options.lock.acquire();
    try {
      return await withGracePeriod(this.#options.clock, stop, acquiring);
    } catch (error) {
      acquiring.then((lease) => lease?.release()).catch(() => {});
      throw error;
    }
  }

  /** Leads until the work ends, the term ends or `stop` aborts. Resolves with the reason to follow again. */
  async #lead(
    lease: Lease,
    acquiredAt: number,
    lead: (term: Term) => Promise<void>,
    stop: AbortSignal,
  ): Promise<string> {
    const { clock, events } = this.#options;
    const renewal = new LeaseRenewal(lease, acquiredAt, this.#options);
    const renewing = renewal.run();
    let reason = 'stopped';
    try {
      const term = await this.#beginTerm(renewal, stop);
      if (!stop.aborted) {
        this.#followingEmitted = false;
        events.emit('leading', { term: term.token });
        await withGracePeriod(clock, stop, lead(term), LEAD_GRACE);
      }
      this.#lastTermFailed = false;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      this.#lastTermFailed = !(error instanceof TermEnded);
      if (this.#lastTermFailed && !stop.aborted) events.reportFailure({ kind: 'lead' }, error);
    }
    const isLost = renewal.signal.aborted;
    if (isLost) reason = String(renewal.signal.reason);
    renewal.end();
    await renewing;
    await this.#release(lease, stop);
    if (reason === 'stopped') return reason;
    // If the lock is free the next term begins at once, and no other event reports why this one ended.
    if (!isLost && !this.#lastTermFailed) this.#emitFollowing(reason);
    await clock.sleep(this.#retryInterval, stop);
    return reason;
  }

  async #beginTerm(renewal: LeaseRenewal, stop: AbortSignal): Promise<Term> {
    const { clock, ledger } = this.#options;
    const { signal } = linkAbort(stop, renewal.signal);
    const beginning = ledger.beginTerm(signal);
    const token = await withGracePeriod(clock, stop, beginning);
    if (!renewal.trusted) throw new StoreError('the lock was lost before the term could begin');
    return {
      token,
      stop,
      signal,
      get trusted() {
        return renewal.trusted;
      },
    };
  }

  async #release(lease: Lease, stop: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    const operation = { kind: 'lock', action: 'release' } as const;
    try {
      await withGracePeriod(clock, stop, lease.release(), RELEASE_GRACE);
      events.reportRecovery(operation);
    } catch (error) {
      events.reportFailure(operation, error);
    }
  }

  /** Emits `following` once until the instance leads again, even if several terms in a row cannot begin. */
  #emitFollowing(reason: string): void {
    if (this.#followingEmitted) return;
    this.#followingEmitted = true;
    this.#options.events.emit('following', { reason });
  }
}

/**
 * Renews a lease every third of the TTL, and tracks until when the lease can be trusted. Trust counts from the
 * start of a successful request, because the store may have extended the lock any time before it answered.
 */
class LeaseRenewal {
  readonly #lease: Lease;
  readonly #options: LeadershipOptions;
  readonly #ended = new AbortController();
  /** On the monotonic clock. */
  #trustedUntil: number;

  /** `acquiredAt` is when the lock was requested, on the monotonic clock. */
  constructor(lease: Lease, acquiredAt: number, options: LeadershipOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#trustedUntil = this.#trustFrom(acquiredAt);
  }

  /** Aborts, with the reason as a text, when the lease is lost, can no longer be trusted, or was ended. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether this instance still holds the lock. Reads the clock, so it changes before the signal aborts. */
  get trusted(): boolean {
    return !this.signal.aborted && this.#options.clock.monotonic() < this.#trustedUntil;
  }

  end(): void {
    this.#ended.abort('ended');
  }

  /** Resolves when the signal has aborted. Never rejects. */
  async run(): Promise<void> {
    const { clock, events, ttl } = this.#options;
    const interval = ttl / 3;
    const retryInterval = ttl / 32;
    let wait = interval;
    for (;;) {
      await clock.sleep(Math.min(wait, this.#trustedUntil - clock.monotonic()), this.signal);
      if (this.signal.aborted) return;
      const startedAt = clock.monotonic();
      if (startedAt >= this.#trustedUntil) {
        this.#ended.abort('the lock could not be renewed in time');
        return;
      }
      const result = await this.#renew(this.#trustedUntil - startedAt);
      if (result === 'lost') {
        this.#ended.abort('the lock was lost');
        return;
      }
      if (result === 'renewed') {
        this.#trustedUntil = this.#trustFrom(startedAt);
        const trustedForMs = Math.round(this.#trustedUntil - clock.monotonic());
        events.emit('renewed', { trustedForMs });
      }
      wait = result === 'renewed' ? interval : retryInterval;
    }
  }

  /** Renews once. `unknown` if the renewal failed or was not answered within `timeout` milliseconds. */
  async #renew(timeout: number): Promise<'renewed' | 'lost' | 'unknown'> {
    const { clock, events } = this.#options;
    const operation = { kind: 'lock', action: 'renew' } as const;
    let result: 'renewed' | 'lost' | 'unknown' = 'unknown';
    const renewing = this.#lease.renew().then(
      (isHeld) => {
        events.reportRecovery(operation);
        result = isHeld ? 'renewed' : 'lost';
      },
      (error: unknown) => events.reportFailure(operation, error),
    );
    await waitAtMost(clock, timeout, this.signal, () => renewing);
    return result;
  }

  /** A tenth of the TTL allows for clocks that run at different speeds. */
  #trustFrom(startedAt: number): number {
    const { ttl } = this.#options;
    return startedAt + ttl - ttl / 10;
  }
}
