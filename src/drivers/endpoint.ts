import type { ServerUrl, ServerUrls } from '../contracts/broker/server-url.ts';
import { maskUrl } from '../util/mask.ts';
import { findScheme, type Driver } from './table.ts';

export interface EndpointServer extends ServerUrl {
  /** The scheme in lower case, without SQLAlchemy's driver name; empty for a text that is not a URL. */
  readonly scheme: string;
  /** `null` for an unsupported scheme, and for a text that is not a URL. */
  readonly driver: Driver | null;
}

/** The URL of a broker, a store or a lock server. The first of several URLs decides the driver. */
export interface Endpoint extends EndpointServer, ServerUrls {
  readonly servers: readonly EndpointServer[];
}

/** A `;` inside a password has no scheme after it. */
const BETWEEN_URLS = /;(?=[a-z][a-z0-9+.-]*:)/i;

/**
 * Parses the parts of a URL that all drivers share. Accepts Celery's failover list `amqp://a;amqp://b` too. `others` are
 * drivers of the user.
 */
export function parseEndpoint(given: string | readonly string[], others?: readonly Driver[]): Endpoint {
  const url = typeof given === 'string' ? given : given.join(';');
  return { ...parseServer(url, others), servers: url.split(BETWEEN_URLS).map((each) => parseServer(each, others)) };
}

function parseServer(url: string, others?: readonly Driver[]): EndpointServer {
  const scheme = parseScheme(url);
  return { url, masked: maskUrl(url), scheme, ...findScheme(scheme, others) };
}

function parseScheme(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  // kombu has two names for this transport.
  return scheme.replace(/^sqla(?:lchemy)?\+([^+]+).*$/, 'sqla+$1');
}
