import type { Entry } from '../entry.ts';

/** A configuration after validation: complete, typed, nothing left to look up or to default. */
export interface Settings {
  /** May hold a password: never print it but through `maskUrl`. */
  readonly brokerUrl: string;
  /** IANA name: the zone of every schedule and entry that names none. */
  readonly timezone: string;
  readonly entries: readonly Entry[];
  /** `ttl` in milliseconds: how long a leader that says nothing keeps the lock. */
  readonly lock: { readonly ttl: number };
  /** Before every name under which beat keeps state; two apps in one Redis database differ in it. */
  readonly keyPrefix: string;
  /** Where tasks go that name no queue. */
  readonly taskDefaultQueue: string;
  readonly transport: TransportOptions;
  /** The files it was read from, as the user named them; empty for one made in code. */
  readonly files: readonly string[];
}

/** `broker_transport_options`, as far as a producer needs them. */
export interface TransportOptions {
  /** Before every key in Redis, kombu's own included. */
  readonly globalKeyprefix: string;
  /** Between the parts of kombu's compound names. */
  readonly sep: string;
  /** The priorities that have a list of their own, ascending. */
  readonly prioritySteps: readonly number[];
}

export const DEFAULT_TRANSPORT: TransportOptions = {
  globalKeyprefix: '',
  sep: '\x06\x16',
  prioritySteps: [0, 3, 6, 9],
};
