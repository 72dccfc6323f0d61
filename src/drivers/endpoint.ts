import { parseScheme, splitUrls } from '../broker/url-list.ts';
import { maskUrl } from '../util/mask.ts';
import { findDriver, type Driver } from './table.ts';

/** The URL of a broker, a store or a lock server, with the driver of its scheme. */
export interface Endpoint {
  /**
   * One URL, or several with `;` between them in the order of failover. May contain passwords: print `masked`
   * instead.
   */
  readonly url: string;
  readonly urls: readonly string[];
  /** The URL without its passwords. */
  readonly masked: string;
  /** The scheme in lower case, without SQLAlchemy's driver name; empty for a text that is not a URL. */
  readonly scheme: string;
  /** `null` for an unsupported scheme, and for a text that is not a URL. */
  readonly driver: Driver | null;
}

/** Parses as much of a URL as all drivers have in common; of several URLs the first decides the driver. */
export function parseEndpoint(url: string): Endpoint {
  const scheme = parseScheme(url);
  return { url, urls: splitUrls(url), masked: maskUrl(url), scheme, driver: findDriver(scheme) };
}
