import type { Logger } from '../logger.ts';
import type { Clock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';
import { Slots } from '../../util/slots.ts';
import type { AlertRequest } from './requests.ts';

/** Milliseconds until a request without an answer fails. */
const TIMEOUT = 10_000;

/** Milliseconds before the second attempt; doubled after each further attempt, up to the longest pause. */
const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 60_000;
const MAX_ATTEMPTS = 10;

/** The most waiting requests to one host; more are dropped. */
const MAX_WAITING = 1_000;

/** The most concurrent requests to one host. */
const CONCURRENCY = 4;

/** Sends a request; tests replace it. Rejects if there is no answer. */
export type Fetch = (
  url: string,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
    /** The headers contain secrets, which only the configured host may receive. */
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<{ readonly status: number; readonly body?: { cancel(): Promise<void> } | null }>;

export interface DeliveryOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The requests to one host. */
interface Host {
  readonly name: string;
  readonly slots: Slots;
  /** The newest request of each key. */
  readonly last: Map<string, Promise<void>>;
  waiting: number;
  /** Whether its last attempt failed. */
  isFailing: boolean;
  dropped: number;
}

/**
 * Sends requests in the background, and retries them after growing pauses while their host fails. Every host has a
 * queue of its own, so that a slow host delays no other. Requests wait in memory, and are lost when the instance stops.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #stop = new AbortController();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Queues a request and returns at once. */
  push(request: AlertRequest): void {
    const host = this.#findHost(request.url);
    if (this.#stop.signal.aborted) return;
    if (host.waiting >= MAX_WAITING) {
      this.#drop(host, request, 'too many alerts wait');
      return;
    }
    host.waiting += 1;
    const before = host.last.get(request.key) ?? Promise.resolve();
    const sent = before.then(() => this.#send(host, request));
    host.last.set(request.key, sent);
    void sent.then(() => {
      host.waiting -= 1;
      if (host.last.get(request.key) === sent) host.last.delete(request.key);
    });
  }

  /** Waits for requests under way until the signal aborts, and drops the others. */
  async close(signal: AbortSignal): Promise<void> {
    const all = [...this.#hosts.values()].flatMap(({ last }) => [...last.values()]);
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([Promise.all(all), aborted]);
    this.#stop.abort();
  }

  #findHost(url: string): Host {
    const name = new URL(url).host;
    let host = this.#hosts.get(name);
    if (!host) {
      const counts = { waiting: 0, isFailing: false, dropped: 0 };
      host = { name, slots: new Slots(CONCURRENCY), last: new Map(), ...counts };
      this.#hosts.set(name, host);
    }
    return host;
  }

  /** Never rejects. */
  async #send(host: Host, request: AlertRequest): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted; attempt++) {
      if (!(await host.slots.take(signal))) return;
      const result = await this.#attempt(request).finally(() => host.slots.release());
      if (result === null) {
        this.#succeed(host, request);
        return;
      }
      const { reason, isFinal } = result;
      if (isFinal || attempt === MAX_ATTEMPTS) {
        this.#drop(host, request, reason);
        return;
      }
      this.#fail(host, request, reason);
      await clock.sleep(Math.min(FIRST_PAUSE * 2 ** (attempt - 1), MAX_PAUSE), signal);
    }
  }

  /** Resolves with the reason of a failure and whether a retry would fail too; with `null` after a success. */
  async #attempt({
    url,
    method,
    headers,
    body,
  }: AlertRequest): Promise<{ readonly reason: string; readonly isFinal: boolean } | null> {
    const { fetch, clock } = this.#options;
    const done = new AbortController();
    const timeout = new AbortController();
    const either = AbortSignal.any([done.signal, this.#stop.signal]);
    void clock.sleep(TIMEOUT, either).then(() => timeout.abort());
    const signal = AbortSignal.any([timeout.signal, this.#stop.signal]);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`no answer in ${TIMEOUT / 1_000} s`)));
    });
    try {
      const sent = fetch(url, { method, headers, body, redirect: 'manual', signal });
      const answer = await Promise.race([sent, aborted]);
      // An answer whose body is not read would hold its connection.
      void answer.body?.cancel().catch(() => {});
      const { status } = answer;
      if (status < 300) return null;
      const isFinal = status < 500 && status !== 408 && status !== 429;
      const hint = status < 400 ? '; beat follows no redirect, so set the URL it leads to' : '';
      return { reason: `status ${status}${hint}`, isFinal };
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      return { reason: describeError(cause), isFinal: false };
    } finally {
      done.abort();
    }
  }

  #succeed(host: Host, { about, entry }: AlertRequest): void {
    const { log } = this.#options;
    log.debug({ event: 'alert', host: host.name, entry }, `Alert sent to ${host.name}: ${about}`);
    if (!host.isFailing && host.dropped === 0) return;
    const lost = host.dropped === 0 ? '' : `; ${host.dropped} alerts were lost`;
    log.info({ event: 'alert', host: host.name }, `Alerts reach ${host.name} again${lost}`);
    host.isFailing = false;
    host.dropped = 0;
  }

  /** Logs the first failure of a host; further failures are debug lines. */
  #fail(host: Host, { about, entry }: AlertRequest, reason: string): void {
    const text = `Alert not delivered to ${host.name}: ${about}: ${reason}; retrying`;
    const level = host.isFailing ? 'debug' : 'warn';
    this.#options.log[level]({ event: 'alert', host: host.name, entry }, text);
    host.isFailing = true;
  }

  #drop(host: Host, { about, entry }: AlertRequest, reason: string): void {
    host.dropped += 1;
    // The 1st, 10th, 100th … lost alert is logged as an error, so that a long outage does not fill the log.
    const level = /^10*$/.test(String(host.dropped)) ? 'error' : 'debug';
    const text = `Alert lost, not delivered to ${host.name}: ${about}: ${reason}`;
    this.#options.log[level]({ event: 'alert', host: host.name, entry }, text);
  }
}
