import type { Logger } from '../logger.ts';
import type { Clock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';
import { Slots } from '../../util/slots.ts';
import { waitAtMost } from '../../util/wait.ts';
import type { AlertRequest, HttpRequest } from './requests.ts';

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

/** Sends a request; tests replace it. Rejects if there is no answer, or the signal aborts. */
export type Fetch = (
  url: string,
  options: Pick<HttpRequest, 'method' | 'headers' | 'body'> & {
    /** The headers contain secrets, which only the configured host may receive. */
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<{ readonly status: number; readonly body?: { cancel(): Promise<void> } | null }>;

export interface Delivery {
  push(request: AlertRequest): void;
  /** Waits at most `grace` milliseconds for the queued requests, and drops those that remain. */
  close(grace: number): Promise<void>;
}

interface Host {
  readonly name: string;
  readonly slots: Slots;
  /** The newest request of each key. */
  readonly last: Map<string, Promise<void>>;
  waiting: number;
  isFailing: boolean;
  dropped: number;
}

interface Failure {
  readonly reason: string;
  /** Whether a retry would fail too. */
  readonly isFinal: boolean;
}

/**
 * Sends requests in the background, and retries them after growing pauses while their host fails. Every host has a
 * queue of its own, so that a slow host delays no other. Requests wait in memory, and are lost when the instance stops.
 */
export function openDelivery(fetch: Fetch, clock: Clock, log: Logger): Delivery {
  const hosts = new Map<string, Host>();
  const stop = new AbortController();

  const findHost = (request: AlertRequest): Host => {
    const name = 'call' in request ? 'the function of alerts.call' : new URL(request.url).host;
    const counts = { waiting: 0, isFailing: false, dropped: 0 };
    const host = hosts.get(name) ?? { name, slots: new Slots(CONCURRENCY), last: new Map(), ...counts };
    hosts.set(name, host);
    return host;
  };

  const drop = (host: Host, { about, entry }: AlertRequest, reason: string) => {
    host.dropped += 1;
    // The 1st, 10th, 100th … lost alert is logged as an error, so that a long outage does not fill the log.
    const level = /^10*$/.test(String(host.dropped)) ? 'error' : 'debug';
    const text = `Alert lost, not delivered to ${host.name}: ${about}: ${reason}`;
    log[level]({ event: 'alert', host: host.name, entry }, text);
  };

  const logSuccess = (host: Host, { about, entry }: AlertRequest) => {
    log.debug({ event: 'alert', host: host.name, entry }, `Alert sent to ${host.name}: ${about}`);
    if (!host.isFailing && host.dropped === 0) return;
    const lost = host.dropped === 0 ? '' : `; ${host.dropped} alerts were lost`;
    log.info({ event: 'alert', host: host.name }, `Alerts reach ${host.name} again${lost}`);
    host.isFailing = false;
    host.dropped = 0;
  };

  /** Resolves with `null` after a success. */
  const attempt = async (request: AlertRequest): Promise<Failure | null> => {
    const ended = new AbortController();
    const abort = new AbortController();
    const noAnswer = new Error(`no answer in ${TIMEOUT / 1_000} s`);
    void clock.sleep(TIMEOUT, AbortSignal.any([ended.signal, stop.signal])).then(() => abort.abort(noAnswer));
    try {
      if ('call' in request) {
        // The function may ignore the signal.
        const aborted = new Promise<never>((_, reject) => {
          abort.signal.addEventListener('abort', () => reject(noAnswer), { once: true });
        });
        await Promise.race([request.call(abort.signal), aborted]);
        return null;
      }
      const { url, method, headers, body } = request;
      const answer = await fetch(url, { method, headers, body, redirect: 'manual', signal: abort.signal });
      // An answer whose body is not read would hold its connection.
      void answer.body?.cancel().catch(() => {});
      const { status } = answer;
      if (status < 300) return null;
      const isFinal = status < 500 && status !== 408 && status !== 429;
      const hint = status < 400 ? '; beat follows no redirect, so set the URL it leads to' : '';
      return { reason: `status ${status}${hint}`, isFinal };
    } catch (error) {
      return { reason: describeError((error as Error).cause ?? error), isFinal: false };
    } finally {
      ended.abort();
    }
  };

  /** Never rejects. */
  const send = async (host: Host, request: AlertRequest): Promise<void> => {
    const { about, entry } = request;
    for (let attempts = 1; !stop.signal.aborted; attempts++) {
      if (!(await host.slots.take(stop.signal))) return;
      const failure = await attempt(request).finally(() => host.slots.release());
      if (failure === null) return void logSuccess(host, request);
      const { reason, isFinal } = failure;
      if (isFinal || attempts === MAX_ATTEMPTS) return void drop(host, request, reason);
      // The first failure of a host is a warning; further failures are debug lines.
      const text = `Alert not delivered to ${host.name}: ${about}: ${reason}; retrying`;
      log[host.isFailing ? 'debug' : 'warn']({ event: 'alert', host: host.name, entry }, text);
      host.isFailing = true;
      await clock.sleep(Math.min(FIRST_PAUSE * 2 ** (attempts - 1), MAX_PAUSE), stop.signal);
    }
  };

  return {
    push(request) {
      if (stop.signal.aborted) return;
      const host = findHost(request);
      if (host.waiting >= MAX_WAITING) return void drop(host, request, 'too many alerts wait');
      host.waiting += 1;
      const sent = (host.last.get(request.key) ?? Promise.resolve()).then(() => send(host, request));
      host.last.set(request.key, sent);
      void sent.then(() => {
        host.waiting -= 1;
        if (host.last.get(request.key) === sent) host.last.delete(request.key);
      });
    },
    async close(grace) {
      const all = [...hosts.values()].flatMap(({ last }) => [...last.values()]);
      await waitAtMost(clock, grace, stop.signal, async () => void (await Promise.all(all)));
      stop.abort();
    },
  };
}
