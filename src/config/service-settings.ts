import { didYouMean } from '../nearest.ts';
import { BROKER_SCHEMES } from '../open-store.ts';
import { DAY, DURATION_FORMS, parseDuration } from './duration.ts';
import { maskUrl } from './mask.ts';
import { expected, type Report } from './problems.ts';
import type { TopSettings } from './schema.ts';
import { DEFAULT_TRANSPORT, type TransportOptions } from './settings.ts';

const DEFAULT_TTL = 8_000;
const SHORTEST_TTL = 1_000;

/** Reports a URL whose scheme names no broker. The URL is shown masked, if at all. */
export function checkBrokerUrl(url: string, report: Report): void {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    report(['brokerUrl'], expected('a URL such as redis://localhost:6379/0', maskUrl(url)));
  } else if (!BROKER_SCHEMES.includes(scheme)) {
    const allowed = BROKER_SCHEMES.map((name) => `${name}://`).join(', ');
    const hint = didYouMean(scheme, BROKER_SCHEMES);
    report(['brokerUrl'], `no broker for the scheme "${scheme}" (there are ${allowed})${hint}`);
  }
}

/** `ttl` from 1 s, below which a busy host loses the lock for nothing, to a day. */
export function readLock(lock: TopSettings['lock'], report: Report): { ttl: number } {
  if (lock?.ttl === undefined) return { ttl: DEFAULT_TTL };
  const ttl = parseDuration(lock.ttl) ?? DEFAULT_TTL;
  if (ttl < SHORTEST_TTL || ttl > DAY) {
    report(['lock', 'ttl'], expected(`from 1s to 1d (${DURATION_FORMS})`, lock.ttl));
  }
  return { ttl };
}

export function readTransport(input: TopSettings['brokerTransportOptions']): TransportOptions {
  const { globalKeyprefix, sep, prioritySteps } = input ?? {};
  return {
    globalKeyprefix: globalKeyprefix ?? DEFAULT_TRANSPORT.globalKeyprefix,
    sep: sep ?? DEFAULT_TRANSPORT.sep,
    prioritySteps: prioritySteps
      ? [...new Set(prioritySteps)].sort((a, b) => a - b)
      : DEFAULT_TRANSPORT.prioritySteps,
  };
}
