/** A request that reports something about a run to another service. */
export interface AlertRequest {
  /** Requests with the same key are sent one after the other. */
  readonly key: string;
  /** For the log: what is sent, such as `webhook (failure)`. URLs contain secrets, and are never logged. */
  readonly about: string;
  readonly entry: string | null;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The name of an entry as part of a URL: lower case letters, digits and hyphens. */
export function slugify(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'entry' : slug.slice(0, 50);
}
