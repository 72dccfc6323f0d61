/** A `;` inside a password has no scheme after it. */
const BETWEEN_URLS = /;(?=[a-z][a-z0-9+.-]*:)/i;

/** Splits Celery's failover list `amqp://a;amqp://b` into URLs. */
export function splitUrls(text: string): string[] {
  return text.split(BETWEEN_URLS);
}

/** The inverse of `splitUrls`. */
export function joinUrls(urls: string | readonly string[]): string {
  return typeof urls === 'string' ? urls : urls.join(';');
}

/** The scheme in lower case, without SQLAlchemy's driver name; empty for a text that is not a URL. */
export function parseScheme(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  // kombu has two names for this transport.
  return scheme.replace(/^sqla(?:lchemy)?\+([^+]+).*$/, 'sqla+$1');
}
