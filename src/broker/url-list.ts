/** A `;` inside a password has no scheme after it. */
const BETWEEN_URLS = /;(?=[a-z][a-z0-9+.-]*:)/i;

/** The URLs of a failover list as Celery writes it, `amqp://a;amqp://b`; one for a text that is one. */
export function splitUrls(text: string): string[] {
  return text.split(BETWEEN_URLS);
}

/** Their inverse. */
export function joinUrls(urls: string | readonly string[]): string {
  return typeof urls === 'string' ? urls : urls.join(';');
}

/** In lower case, without the driver that SQLAlchemy takes behind it; empty for a text that is no URL. */
export function schemeOf(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  // kombu knows its transport under two names.
  return scheme.replace(/^sqla(?:lchemy)?\+([^+]+).*$/, 'sqla+$1');
}
