import type { Random } from '../chaos/random.ts';
import { StoreError } from '../src/util/errors.ts';
import { DONE } from '../src/util/wait.ts';
import type { EventLoop } from './event-loop.ts';
import type { Host, Process } from './machine.ts';
import type { Trace } from './trace.ts';

/** What a server has beside its data: it is reachable or not. */
export interface Server {
  readonly name: string;
  readonly isUp: boolean;
}

/** How the network treats the packets of a host. */
export interface Weather {
  /** How likely it is that a request or its answer is lost, 0 to 1. */
  readonly loss: number;
  /** The longest delay of a packet, milliseconds. */
  readonly delay: number;
}

/** The calls that change states. */
const COMMITS: ReadonlySet<string> = new Set(['ledger.commit', 'outbox.append', 'outbox.remove']);

/** The most calls of a process in a second. */
const MOST_CALLS = 1_000;

const CALM: Weather = { loss: 0, delay: 0 };

/** The delay of a packet in a calm network. Milliseconds. */
const LATENCY = [0.1, 0.8] as const;

/** Requests on one connection arrive in order; those on two connections in any order. */
export class Connection {
  /** When the last request and the last answer arrive, milliseconds of simulated time. */
  requestsUntil = 0;
  answersUntil = 0;
}

/** A wait for a notification of a server. */
interface Subscription {
  readonly server: Server;
  readonly disconnect: () => void;
}

/** Carries requests to servers, and their answers back: late, never, or only one of the two. */
export class Network {
  readonly #loop: EventLoop;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #weather = new Map<Host, Weather>();
  /** The servers that a host cannot reach. */
  readonly #cuts = new Map<Host, Set<string>>();
  readonly #held: (() => void)[] = [];
  readonly #subscriptions = new Set<Subscription>();
  /** Milliseconds after which a call has failed. */
  readonly timeout: number;
  /** Called when a process makes too many calls. */
  onSpin: (process: Process) => void = () => {};
  /** Packets that were lost, or delayed by more than a second. */
  disturbed = 0;

  constructor(loop: EventLoop, random: Random, trace: Trace, timeout: number) {
    this.#loop = loop;
    this.#random = random;
    this.#trace = trace;
    this.timeout = timeout;
  }

  setWeather(host: Host, weather: Weather | null): void {
    if (weather) this.#weather.set(host, weather);
    else this.#weather.delete(host);
  }

  cut(host: Host, server: Server): void {
    this.#cuts.set(host, (this.#cuts.get(host) ?? new Set()).add(server.name));
  }

  mend(host: Host, server: Server): void {
    this.#cuts.get(host)?.delete(server.name);
  }

  /** Delivers the delayed commits, a moment after a term has begun. */
  releaseHeld(): void {
    for (const arrive of this.#held.splice(0)) this.#loop.after(this.#random.size(1, 300), arrive);
  }

  /** Ends all faults of the network. */
  heal(): void {
    this.#weather.clear();
    this.#cuts.clear();
  }

  /** Closes the connections that wait for notifications of a server that stops. */
  disconnect(server: Server): void {
    for (const each of [...this.#subscriptions]) if (each.server === server) each.disconnect();
  }

  /**
   * Sends a request. `perform` runs when the request arrives; the promise settles as it does when the answer arrives, and
   * rejects after the timeout. A request may arrive long after that.
   */
  call<T>(
    process: Process,
    server: Server,
    connection: Connection,
    operation: string,
    perform: () => Promise<T>,
  ): Promise<T> {
    if (process.isDead) return new Promise(() => {});
    if (process.callsToLive !== null) {
      process.callsToLive -= 1;
      if (process.callsToLive <= 0) {
        this.#trace.add(this.#loop.now, process.name, `dies when it calls ${operation}`);
        // With the request on its way, or just before.
        if (this.#random.chance(0.5)) this.#travel(process, server, connection, operation, perform, () => {});
        process.kill();
        return new Promise(() => {});
      }
    }
    process.calls += 1;
    this.#count(process);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const settle = (run: () => void) => {
        process.deliver(() => {
          if (isOver) return;
          isOver = true;
          process.calls -= 1;
          run();
        });
      };
      this.#travel(process, server, connection, operation, perform, (answer, at) => {
        this.#loop.after(at - this.#loop.now, () => settle(() => answer(resolve, reject)));
      });
    });
  }

  /**
   * Waits for a notification: resolves when `wait` does, when the signal aborts, or when the connection breaks. Like the
   * clients of real servers it may resolve without a reason, and late.
   */
  subscribe(
    process: Process,
    server: Server,
    wait: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    if (process.isDead) return new Promise(() => {});
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = new AbortController();
      const end = (): void => {
        release();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const release = (): void => {
        this.#subscriptions.delete(subscription);
        waiting.abort(DONE);
        stopWatching();
      };
      const disconnect = (): void => {
        release();
        this.#loop.after(this.#random.int(500, 3_000), () => process.deliver(end));
      };
      const subscription = { server, disconnect };
      const stopWatching = process.onDeath(release);
      this.#subscriptions.add(subscription);
      signal.addEventListener('abort', end);
      this.#loop.after(this.#latency(), () => {
        if (waiting.signal.aborted) return;
        if (!server.isUp || this.#isCut(process.host, server)) {
          disconnect();
          return;
        }
        void wait(waiting.signal).then(() => {
          if (waiting.signal.aborted) return;
          release();
          const { loss } = this.#weather.get(process.host) ?? CALM;
          const isLost = this.#isCut(process.host, server) || this.#random.chance(loss);
          const delay = isLost ? this.#random.int(1_000, 30_000) : this.#latency();
          this.#loop.after(delay, () => process.deliver(end));
        });
      });
    });
  }

  #travel<T>(
    process: Process,
    server: Server,
    connection: Connection,
    operation: string,
    perform: () => Promise<T>,
    answer: (
      settle: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
      /** When the client receives it. */
      at: number,
    ) => void,
  ): void {
    const loop = this.#loop;
    const random = this.#random;
    const { loss, delay } = this.#weather.get(process.host) ?? CALM;
    const givesUpAt = loop.now + process.host.toTrue(this.timeout);
    const fail = (reason: string, at: number): void => {
      answer((_, reject) => reject(new StoreError(`${operation}: ${reason}`)), Math.min(at, givesUpAt));
    };
    const note = (what: string, describe?: () => string) => {
      this.#trace.add(loop.now, process.name, what, 0, 0, describe);
    };
    const isRequestLost = loss > 0 && random.chance(loss / 2);
    const isAnswerLost = loss > 0 && random.chance(loss / 2);
    const delays = delay > 0 ? [this.#slow(delay), this.#slow(delay)] : [this.#latency(), this.#latency()];
    if (isRequestLost || isAnswerLost || delays.some((each) => each > 1_000)) this.disturbed += 1;
    if (isRequestLost) {
      note('a request is lost', () => `${operation}: the request is lost`);
      connection.requestsUntil = 0;
      fail(`no answer from ${server.name}`, givesUpAt);
      return;
    }
    const arrival = Math.max(loop.now + delays[0]!, connection.requestsUntil);
    connection.requestsUntil = arrival;
    if (arrival >= givesUpAt) fail(`no answer from ${server.name}`, givesUpAt);
    const arrive = (): void => {
      if (!server.isUp || this.#isCut(process.host, server)) {
        connection.requestsUntil = 0;
        const isRefused = !server.isUp && random.chance(0.5);
        fail(
          isRefused ? `${server.name} rejects the connection` : `no answer from ${server.name}`,
          isRefused ? loop.now + 1 : givesUpAt,
        );
        return;
      }
      note(operation);
      perform().then(
        (value) => {
          if (isAnswerLost) note('an answer is lost', () => `${operation}: the answer is lost`);
          const at = Math.max(loop.now + delays[1]!, connection.answersUntil);
          if (isAnswerLost || at >= givesUpAt) fail(`no answer from ${server.name}`, givesUpAt);
          else {
            connection.answersUntil = at;
            answer((resolve) => resolve(value), at);
          }
        },
        (error: unknown) => {
          answer((_, reject) => reject(error), loop.now + delays[1]!);
        },
      );
    };
    if (process.holdsCommit && COMMITS.has(operation) && random.chance(0.6)) {
      process.holdsCommit = false;
      note('a commit is held', () => `${operation} is delayed until another term begins, and the process is killed`);
      this.#held.push(arrive);
      process.kill();
    } else loop.after(arrival - loop.now, arrive);
  }

  /** A process that makes many calls in a second waits for something that does not change. */
  #count(process: Process): void {
    const { now } = this.#loop;
    if (now - process.secondBegins >= 1_000) {
      process.secondBegins = now;
      process.callsInSecond = 0;
    }
    process.callsInSecond += 1;
    if (process.callsInSecond === MOST_CALLS) this.onSpin(process);
  }

  #isCut(host: Host, { name }: Server): boolean {
    return this.#cuts.get(host)?.has(name) ?? false;
  }

  #latency(): number {
    return LATENCY[0] + this.#random.next() * (LATENCY[1] - LATENCY[0]);
  }

  #slow(longest: number): number {
    return this.#random.chance(0.5) ? this.#latency() : this.#random.size(1, longest);
  }
}
