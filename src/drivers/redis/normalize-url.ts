import type { TransportOptions } from '../../broker/connection-settings.ts';
import { splitUrls } from '../../broker/url-list.ts';
import { isSentinel, parseSentinelUrls } from './sentinel.ts';
import { parseRedisUrl } from './url.ts';

/** The same text for all URLs of one database and user, as far as URLs show. Two users may have different rights. */
export function normalizeRedisUrl(url: string): string {
  if (isSentinel(url)) return splitUrls(url).sort().join(';');
  const { path, host, port, db, username = '' } = parseRedisUrl(url);
  const server = path ?? `${host === 'localhost' ? '127.0.0.1' : host}:${port}`;
  return `${username}@${server}/${db}`;
}

/** The database number of a URL, or of the URLs of sentinels. */
export function readDatabase(url: string, transport: TransportOptions): number {
  return (isSentinel(url) ? parseSentinelUrls(url, transport) : parseRedisUrl(url)).db ?? 0;
}
